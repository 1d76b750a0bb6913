"""Conversations as a file: a table for spreadsheets, or a line of JSON for each message."""

import json
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone

from chatbot_saas.dashboard.conversations.filters import read_filter
from chatbot_saas.web.pages import streamed_page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.spreadsheet import csv_stream
from conversations.history.export import (
    ExportedMessage,
    ExportedSource,
    ExportPart,
    begin_export,
    read_part,
)
from conversations.history.filters import ConversationFilter
from core.errors import InvalidRequest
from tenants.context import in_tenant
from tenants.limits.turns import check_export_rate

_COLUMNS = (
    *("conversation_id", "channel", "chatbot", "external_user", "message_id", "time", "role"),
    *("text", "status", "sources", "thumb", "comment"),
)
_FORMATS = ("csv", "jsonl")


@streamed_page("conversations:export", "POST")
async def export_conversations(request: MemberRequest) -> StreamingHttpResponse:
    """All messages of what the list's filters find, which stand in the address as they do there;
    `format` in the form is csv or jsonl."""
    form, wanted = request.POST.get("format", ""), read_filter(request)
    if form not in _FORMATS:
        raise InvalidRequest("Conversations are exported as csv or jsonl.")
    member = request.member
    await check_export_rate(tenant_id=member.tenant_id)
    # Before the answer begins: what is away is told as an error and not as a broken file.
    first = await in_tenant(
        member.tenant_id, begin_export, wanted=wanted, form=form, actor=member.actor
    )
    parts = _parts(member.tenant_id, wanted, first)
    name = f"{_name(wanted)}.{form}"
    if form == "jsonl":
        return _json_lines(name, parts)
    return csv_stream(name, _COLUMNS, _rows(parts), marked=True)


def _name(wanted: ConversationFilter) -> str:
    until = wanted.until or timezone.now().date()
    return f"conversations-{wanted.since}-{until}" if wanted.since else f"conversations-{until}"


async def _parts(
    tenant_id: UUID, wanted: ConversationFilter, part: ExportPart
) -> AsyncIterator[ExportPart]:
    while True:
        yield part
        if part.following is None:
            return
        # A step of its own: nobody who reads slowly holds a connection.
        part = await in_tenant(tenant_id, read_part, wanted, part.following)


async def _rows(parts: AsyncIterator[ExportPart]) -> AsyncIterator[list[list[str]]]:
    async for part in parts:
        rows = [_values(message) for message in part.messages]
        yield [[*row.values()] for row in rows]


def _json_lines(name: str, parts: AsyncIterator[ExportPart]) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        async for part in parts:
            found = (_values(message, _source_members(message)) for message in part.messages)
            yield "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in found)

    return StreamingHttpResponse(
        lines(),
        content_type="application/x-ndjson; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _values(message: ExportedMessage, sources: Any = None) -> dict[str, Any]:
    cells = (
        str(message.conversation_id),
        message.channel,
        message.chatbot,
        message.external_user,
        str(message.message_id),
        message.time.astimezone(UTC).isoformat(timespec="seconds"),
        message.role,
        message.text,
        message.status,
        "; ".join(map(_source_words, message.sources)) if sources is None else sources,
        message.thumb,
        message.comment,
    )
    return dict(zip(_COLUMNS, cells, strict=True))


def _source_members(message: ExportedMessage) -> list[dict[str, Any]]:
    return [
        {"n": each.n, "title": each.title, "page": each.page, "url": each.url}
        for each in message.sources
    ]


def _source_words(source: ExportedSource) -> str:
    """As `[1] Handbook, page 3, https://…`."""
    page = f"page {source.page}" if source.page is not None else None
    return f"[{source.n}] " + ", ".join(filter(None, (source.title, page, source.url)))
