"""Visitor tokens: which visitor of which chatbot of which tenant, signed, for at most a day."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from django.conf import settings

from core.errors import Unauthenticated

LIFETIME = timedelta(hours=24)
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
    return jwt.encode(claims, settings.TOKEN_KEY, algorithm=_ALGORITHM)


def read_visitor_token(raw: str, *, tenant_id: UUID, chatbot_id: UUID) -> UUID:
    """The visitor's id. Raises `Unauthenticated` for a bad, expired or foreign token alike."""
    refused = Unauthenticated("This visitor token is not valid here. Start a new session.")
    try:
        claims = jwt.decode(
            raw,
            settings.TOKEN_KEY,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": ["exp", "sub", "tid", "chatbot"]},
        )
        visitor_id = UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
        raise refused from error
    if claims["tid"] != tenant_id.hex or claims["chatbot"] != chatbot_id.hex:
        raise refused
    return visitor_id
