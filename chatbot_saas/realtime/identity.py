"""Identity tokens: the customer's own server says who the visitor is, under a shared secret."""

import logging
from collections.abc import Sequence
from uuid import UUID, uuid5

import jwt
from django.conf import settings

from core.crypto import KeyRing, SealBroken
from core.errors import InvalidRequest, Unauthenticated, Unavailable

log = logging.getLogger(__name__)

MAX_SECRETS = 2
_MIN_SECRET_LENGTH = 32
_LEEWAY_SECONDS = 30


def _place(tenant_id: UUID, chatbot_id: UUID) -> str:
    return f"{tenant_id}|conversations_chatbot|{chatbot_id}|identity_secrets"


def seal_identity_secret(secret: str, *, tenant_id: UUID, chatbot_id: UUID) -> str:
    """The stored form of a shared secret. Raises `InvalidRequest` for one that can be guessed."""
    if len(secret) < _MIN_SECRET_LENGTH:
        raise InvalidRequest(
            f"An identity secret has at least {_MIN_SECRET_LENGTH} characters.", param="secret"
        )
    ring: KeyRing = settings.SEALING_KEYS
    return ring.seal(secret, place=_place(tenant_id, chatbot_id))


def read_identity(
    raw: str, *, tenant_id: UUID, chatbot_id: UUID, sealed_secrets: Sequence[str]
) -> str:
    """The customer's name for the visitor (`sub`). Raises `Unauthenticated`, `Unavailable`."""
    if not sealed_secrets:
        raise Unauthenticated("This chatbot has no identity secret: it takes no identity_jwt.")
    secrets = _open_secrets(sealed_secrets[:MAX_SECRETS], _place(tenant_id, chatbot_id))
    for secret in secrets:
        subject = _subject(raw, secret)
        if subject is not None:
            return subject
    raise Unauthenticated(
        "The identity_jwt is not valid: it must be HS256, signed with the chatbot's identity secret, "
        "with “sub” (1 to 255 characters) and “exp”."
    )


def _open_secrets(sealed_secrets: Sequence[str], place: str) -> list[str]:
    """Those that this server's keys open. Raises `Unavailable` when none does."""
    ring: KeyRing = settings.SEALING_KEYS
    opened = []
    for sealed in sealed_secrets:
        try:
            opened.append(ring.open(sealed, place=place))
        except SealBroken:
            log.error("an identity secret cannot be opened: is SECRET_KEY_FALLBACKS complete?")
    if not opened:
        raise Unavailable(
            "The identity secrets of this chatbot cannot be read any more. Set a new one."
        )
    return opened


def _subject(raw: str, secret: str) -> str | None:
    try:
        claims = jwt.decode(
            raw,
            secret,
            # Named here and never read from the token, which could choose “none”.
            algorithms=["HS256"],
            leeway=_LEEWAY_SECONDS,
            options={"require": ["sub", "exp"], "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        return None
    subject = claims["sub"]
    return subject if isinstance(subject, str) and 0 < len(subject) <= 255 else None


def visitor_of(chatbot_id: UUID, subject: str) -> UUID:
    """The same visitor id for the same customer's user, on every device."""
    # Derived and not stored: the same person has the same id on every device.
    return uuid5(chatbot_id, f"identity:{subject}")
