"""The file that a document was made of, as it was uploaded."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from chatbot_saas.web.pages import streamed_page
from chatbot_saas.web.requests import MemberRequest
from knowledge.document_list import open_original
from tenants.context import in_tenant

_PART = 256 * 1024


@streamed_page("documents:read")
async def original(request: MemberRequest, document_id: UUID) -> StreamingHttpResponse:
    name, size, file = await in_tenant(request.member.tenant_id, open_original, document_id)
    headers = {
        # Never shown here: a page that somebody uploaded would run as this workspace's own.
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "",
        "Content-Length": str(size),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(
        _parts(file), content_type="application/octet-stream", headers=headers
    )


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    # A part in memory at a time, read beside the loop.
    with file:
        while part := await asyncio.to_thread(file.read, _PART):
            yield part
