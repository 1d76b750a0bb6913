"""Visitor tokens: which visitor of which chatbot of which tenant, signed, for at most a day.

A member's preview has one that says so. It is made where the member's session was checked, and nowhere
else: whoever has none cannot make their chat a preview.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from core.errors import Unauthenticated
from core.ids import new_id

LIFETIME = timedelta(hours=24)
PREVIEW_LIFETIME = timedelta(hours=12)
_LEEWAY = timedelta(seconds=30)
_AUDIENCE = "visitor"
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorToken:
    """What a token says: of a member's preview, or of a visitor whom an identity token named."""

    visitor_id: UUID
    is_preview: bool
    is_identified: bool


def issue_visitor_token(
    tenant_id: UUID, chatbot_id: UUID, visitor_id: UUID, *, identified: bool = False
) -> str:
    """A token for one visitor's conversations with one chatbot. Of one whom an identity token named it is
    not renewed: it would outlive the secret that signed that."""
    more = {"identified": True} if identified else {}
    return _issue(tenant_id, chatbot_id, visitor_id, LIFETIME, **more)


def renew_token(raw: str | None, tenant_id: UUID, chatbot_id: UUID, visitor_id: UUID) -> str:
    """What a visitor who came with this token, or without one, goes on with. Raises as `read_token`."""
    if (
        raw is not None
        and read_token(raw, tenant_id=tenant_id, chatbot_id=chatbot_id).is_identified
    ):
        return raw
    return issue_visitor_token(tenant_id, chatbot_id, visitor_id)


def issue_preview_token(tenant_id: UUID, chatbot_id: UUID) -> str:
    """The same for a member's look at the chatbot; it is not renewed."""
    return _issue(tenant_id, chatbot_id, new_id(), PREVIEW_LIFETIME, preview=True)


def _issue(
    tenant_id: UUID, chatbot_id: UUID, visitor_id: UUID, lifetime: timedelta, **more: bool
) -> str:
    now = datetime.now(UTC)
    claims = {
        **more,
        "aud": _AUDIENCE,
        "tid": tenant_id.hex,
        "chatbot": chatbot_id.hex,
        "sub": visitor_id.hex,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(claims, settings.TOKEN_KEYS[0], algorithm=_ALGORITHM)


def read_visitor_token(raw: str, *, tenant_id: UUID, chatbot_id: UUID) -> UUID:
    """The visitor's id. Raises `Unauthenticated` for a bad, expired or foreign token alike."""
    return UUID(_read(raw, tenant_id=tenant_id, chatbot_id=chatbot_id)["sub"])


def read_token(raw: str, *, tenant_id: UUID, chatbot_id: UUID) -> VisitorToken:
    """Raises as `read_visitor_token`."""
    claims = _read(raw, tenant_id=tenant_id, chatbot_id=chatbot_id)
    return VisitorToken(
        visitor_id=UUID(claims["sub"]),
        is_preview=claims.get("preview") is True,
        is_identified=claims.get("identified") is True,
    )


def _read(raw: str, *, tenant_id: UUID, chatbot_id: UUID) -> dict[str, Any]:
    refused = Unauthenticated("This visitor token is not valid here. Start a new session.")
    try:
        claims = _verify(raw)
        UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
        raise refused from error
    # Signed by us is not enough: it must be for this tenant and this chatbot.
    if claims["tid"] != tenant_id.hex or claims["chatbot"] != chatbot_id.hex:
        raise refused
    return claims


def _verify(raw: str) -> dict[str, Any]:
    """The claims, when any of our keys signed them. Raises `jwt.InvalidTokenError`."""
    # The newest first: nearly every token was signed with it.
    *others, oldest = settings.TOKEN_KEYS
    for key in others:
        try:
            return _decode(raw, key)
        except jwt.InvalidSignatureError:
            continue
    return _decode(raw, oldest)


def _decode(raw: str, key: bytes) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        raw,
        key,
        algorithms=[_ALGORITHM],
        audience=_AUDIENCE,
        # Another machine of ours may be ahead by a little.
        leeway=_LEEWAY,
        options={"require": ["exp", "sub", "tid", "chatbot"]},
    )
    return claims
