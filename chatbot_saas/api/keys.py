"""`/v1/keys`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.utils import timezone

from chatbot_saas.api.operations import (
    Call,
    Operation,
    Page,
    PageQuery,
    Reply,
    as_json,
    page_of,
    routes,
)
from chatbot_saas.api.structs import AwareDatetime
from core.cursors import read_id
from core.errors import InvalidRequest, PermissionDenied
from tenants.keys import api_keys

Scope = Literal[
    "chat",
    "chatbots:read",
    "chatbots:write",
    "conversations:read",
    "conversations:write",
    "documents:read",
    "documents:write",
    "keys:read",
    "keys:write",
    "usage:read",
]
_MAX_NAME_LENGTH = 80


class Key(msgspec.Struct, tag_field="object", tag="key", kw_only=True):
    """An active API key. `hint` is its beginning and its last four characters; `plain` is the whole
    text of a publishable key, which is public, and null for a secret one."""

    id: UUID
    kind: Literal["secret", "publishable"]
    name: str
    hint: str
    plain: str | None
    chatbot_id: UUID | None
    scopes: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None


class NewKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A secret key to create. Its scopes may be those of the key that creates it."""

    name: Annotated[str, msgspec.Meta(max_length=_MAX_NAME_LENGTH)] = ""
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=20)]
    expires_at: AwareDatetime | None = None


class IssuedKey(msgspec.Struct, tag_field="object", tag="issued_key", kw_only=True):
    """A new key. `secret` is its text, which is shown this once."""

    key: Key
    secret: str


def list_keys(call: Call) -> Reply:
    query: PageQuery = call.query
    after = read_id(query.cursor) if query.cursor else None
    page = api_keys.list_keys(call.key.tenant_id, limit=query.limit, after=after)
    return 200, page_of([_key(key) for key in page.keys], page.next_cursor)


def create_key(call: Call) -> Reply:
    body: NewKey = call.body
    beyond = set(body.scopes) - call.key.scopes
    if beyond:
        raise PermissionDenied(
            f"A key makes no key that may do more: this one lacks {', '.join(sorted(beyond))}."
        )
    if body.expires_at is not None and not timezone.now() < body.expires_at < _far():
        raise InvalidRequest(
            "A key ends in the future, within a hundred years.", param="expires_at"
        )
    issued = api_keys.issue_secret_key(
        tenant_id=call.key.tenant_id,
        name=body.name.replace("\x00", "").strip(),
        scopes=body.scopes,
        expires_at=body.expires_at,
        actor=call.actor,
    )
    return 201, IssuedKey(key=_key(issued.key), secret=issued.raw)


def revoke_key(call: Call, key_id: UUID) -> Reply:
    api_keys.revoke_key(tenant_id=call.key.tenant_id, key_id=key_id, actor=call.actor)
    return 204, None


def _far() -> datetime:
    now = timezone.now()
    return now.replace(year=now.year + 100, day=1)


def _key(view: api_keys.KeyView) -> Key:
    return msgspec.convert(view, Key, from_attributes=True)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/keys",
        name="list_keys",
        tag="Keys",
        summary="List the active keys, newest first.",
        scope="keys:read",
        query=PageQuery,
        answers={200: as_json(Page[Key])},
        run=list_keys,
    ),
    Operation(
        method="POST",
        path="/v1/keys",
        name="create_key",
        tag="Keys",
        summary="Create a secret key.",
        description="The answer is the only time that the key's text is shown.",
        scope="keys:write",
        body=NewKey,
        answers={201: as_json(IssuedKey)},
        errors=(409,),
        run=create_key,
    ),
    Operation(
        method="DELETE",
        path="/v1/keys/{key_id}",
        name="revoke_key",
        tag="Keys",
        summary="Revoke a key, secret or publishable.",
        description="It stops working at once; open chats of a publishable key end within a minute.",
        scope="keys:write",
        answers={204: None},
        run=revoke_key,
    ),
)
urlpatterns = routes(OPERATIONS)
