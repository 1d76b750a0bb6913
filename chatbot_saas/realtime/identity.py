"""Identity tokens: the customer's own server says who the visitor is, under a shared secret."""

from collections.abc import Sequence
from uuid import UUID, uuid5

import jwt

from conversations.chatbots.identity_secrets import open_identity_secrets
from core.errors import Unauthenticated, Unavailable

_LEEWAY_SECONDS = 30


def read_identity(
    raw: str, *, tenant_id: UUID, chatbot_id: UUID, sealed_secrets: Sequence[str]
) -> str:
    """The customer's name for the visitor (`sub`). Raises `Unauthenticated`, `Unavailable`."""
    if not sealed_secrets:
        raise Unauthenticated("This chatbot has no identity secret: it takes no identity_jwt.")
    secrets = open_identity_secrets(sealed_secrets, tenant_id=tenant_id, chatbot_id=chatbot_id)
    if not secrets:
        raise Unavailable(
            "The identity secrets of this chatbot cannot be read any more. Create a new one."
        )
    for secret in secrets:
        subject = _subject(raw, secret)
        if subject is not None:
            return subject
    raise Unauthenticated(
        "The identity_jwt is not valid: it must be HS256, signed with the chatbot's identity secret, "
        "with “sub” (1 to 255 characters) and “exp”."
    )


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
