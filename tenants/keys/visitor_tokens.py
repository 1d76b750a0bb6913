"""Visitor tokens: which visitor of which chatbot of which tenant, signed, for at most a day."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from core.errors import Unauthenticated

LIFETIME = timedelta(hours=24)
_LEEWAY = timedelta(seconds=30)
_AUDIENCE = "visitor"
_ALGORITHM = "HS256"


def issue_visitor_token(tenant_id: UUID, chatbot_id: UUID, visitor_id: UUID) -> str:
    """A token for one visitor's conversations with one chatbot."""
    now = datetime.now(UTC)
    claims = {
        "aud": _AUDIENCE,
        "tid": tenant_id.hex,
        "chatbot": chatbot_id.hex,
        "sub": visitor_id.hex,
        "iat": now,
        "exp": now + LIFETIME,
    }
    return jwt.encode(claims, settings.TOKEN_KEYS[0], algorithm=_ALGORITHM)


def read_visitor_token(raw: str, *, tenant_id: UUID, chatbot_id: UUID) -> UUID:
    """The visitor's id. Raises `Unauthenticated` for a bad, expired or foreign token alike."""
    refused = Unauthenticated("This visitor token is not valid here. Start a new session.")
    try:
        claims = _verify(raw)
        visitor_id = UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
        raise refused from error
    # Signed by us is not enough: it must be for this tenant and this chatbot.
    if claims["tid"] != tenant_id.hex or claims["chatbot"] != chatbot_id.hex:
        raise refused
    return visitor_id


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
