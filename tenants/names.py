"""The names PostgreSQL knows a tenant by. Pure; derived from the id, never from a user's text."""

import base64
import re
from uuid import UUID

_FORM = re.compile(r"t_[a-z0-9_]{12,40}")


def schema_name(tenant_id: UUID) -> str:
    """`t_` and the id in lower-case base32: 28 characters, one schema per id."""
    return "t_" + base64.b32encode(tenant_id.bytes).decode().rstrip("=").lower()


def tenant_id_of(schema: str) -> UUID:
    """The inverse of `schema_name`. Raises `ValueError` for a name that is not of our form."""
    body = schema.removeprefix("t_").upper()
    return UUID(bytes=base64.b32decode(body + "=" * (-len(body) % 8)))


def is_schema_name(name: str) -> bool:
    return _FORM.fullmatch(name) is not None


def quote(identifier: str) -> str:
    """An SQL identifier in quotes. Raises `ValueError` where PostgreSQL would cut or refuse it."""
    if "\0" in identifier or not 0 < len(identifier.encode()) <= 63:
        raise ValueError(f"not an identifier: {identifier!r}")
    return '"' + identifier.replace('"', '""') + '"'


def role_name(database: str, schema: str) -> str:
    """Roles are cluster-wide, so they carry the database's name."""
    return f"{database}.{schema}"
