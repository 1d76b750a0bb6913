"""What a person sees once: kept in their session until the next page shows it, so that a page that is
loaded again makes nothing a second time. Sealed, because a session is a row that others may read."""

import json
from typing import Any

from django.conf import settings

from core.crypto import SealBroken
from tenants.requests import TenantRequest


def keep_once(request: TenantRequest, name: str, shown: dict[str, str]) -> None:
    """For the page that the answer leads to."""
    sealed = settings.SEALING_KEYS.seal(json.dumps(shown), place=_place(name))
    request.session[_place(name)] = sealed


def take_once(request: TenantRequest, name: str) -> dict[str, Any] | None:
    """What was kept, the first time it is asked for; None afterwards."""
    # Not by a HEAD, which shows nothing, nor by a form that is shown again.
    sealed = request.session.pop(_place(name), None) if request.method == "GET" else None
    if sealed is None:
        return None
    try:
        shown: dict[str, Any] = json.loads(settings.SEALING_KEYS.open(sealed, place=_place(name)))
    except SealBroken:
        return None
    return shown


def _place(name: str) -> str:
    return f"once:{name}"
