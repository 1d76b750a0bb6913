"""Devices on which an account that has proved its address has logged in before. Strangers who guess at
it lock everybody else out for a while, and not these: their own tries are counted apart.

Known by the account's id, not by its address: anybody may log in to an account that names the address.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

from core.ids import new_id

SECONDS = 180 * 86_400
# A desk that a few people share; the latest are kept.
_ACCOUNTS = 5
_SALT = "tenants.people.devices"


@dataclass(frozen=True, slots=True)
class Device:
    """`id` names it; `accounts` are digests of the ids of those that have logged in on it."""

    id: str
    accounts: tuple[str, ...]


def find_device(cookies: Mapping[str, str], user_id: UUID | None) -> str | None:
    """The id of the device, when this account has logged in on it."""
    device = _read(cookies)
    if device is None or user_id is None:
        return None
    digest = _digest(user_id)
    found = any(hmac.compare_digest(each, digest) for each in device.accounts)
    return device.id if found else None


def write_device(cookies: Mapping[str, str], user_id: UUID) -> str:
    """The cookie's value after a log-in of this account."""
    device = _read(cookies) or Device(str(new_id()), ())
    own = _digest(user_id)
    accounts = [*(each for each in device.accounts if each != own), own][-_ACCOUNTS:]
    return signing.dumps([device.id, accounts], salt=_SALT)


def _read(cookies: Mapping[str, str]) -> Device | None:
    try:
        device_id, accounts = signing.loads(
            cookies.get(settings.DEVICE_COOKIE_NAME, ""), salt=_SALT, max_age=SECONDS
        )
    except signing.BadSignature:
        return None
    return Device(device_id, tuple(accounts))


def _digest(user_id: UUID) -> str:
    return salted_hmac(_SALT, user_id.hex).hexdigest()[:32]
