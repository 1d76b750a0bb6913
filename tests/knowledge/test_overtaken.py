"""A document that is deleted while a worker embeds it: the work is done, and nobody is alarmed."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from knowledge import services
from knowledge.embeddings.registry import EmbeddingChoice, choose
from knowledge.models import Document, RawVector
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tenants.work import tickets
from tests.eventually import eventually
from tests.fake_openai import wire


class Overtaking(ThreadingHTTPServer):
    """An embedding service that does something before it answers."""

    meanwhile: Callable[[], None]


class Handler(BaseHTTPRequestHandler):
    server: Overtaking

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.meanwhile()
        body = wire.embeddings(asked)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output quiet."""


@pytest.fixture
def service() -> Iterator[Overtaking]:
    server = Overtaking(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    choose(EmbeddingChoice(base_url=url, model="m", dimensions=384))
    try:
        yield server
    finally:
        choose(EmbeddingChoice())
        server.shutdown()
        server.server_close()


def ticket_of(document_id: UUID) -> WorkTicket:
    with platform_context():
        return WorkTicket.objects.get(payload__document_id=str(document_id))


def test_work_on_a_document_that_is_deleted_meanwhile_ends_as_done(
    tenant: TenantRef, service: Overtaking, caplog: pytest.LogCaptureFixture
) -> None:
    deleted: list[UUID] = []
    with caplog.at_level(logging.WARNING):
        for number in range(8):
            if deleted:
                break
            delete_while_it_is_embedded(tenant, service, number, deleted)
    # A real worker of another test may take one; it does not take them all.
    assert len(deleted) == 1
    assert caplog.messages == []
    with tenant_context(tenant.id):
        assert not Document.objects.filter(pk__in=deleted).exists()
        assert not RawVector.objects.filter(document_id__in=deleted).exists()


def delete_while_it_is_embedded(
    tenant: TenantRef, service: Overtaking, number: int, deleted: list[UUID]
) -> None:
    with tenant_context(tenant.id):
        content = f"Some words to embed, {number}.".encode()
        document, _ = services.create_document(filename=f"{number}.md", content=content)

    def delete() -> None:
        with tenant_context(tenant.id):
            services.delete_document(document_id=document.id)
        deleted.append(document.id)

    service.meanwhile = delete

    def is_done() -> bool:
        tickets.run_next()
        return ticket_of(document.id).status == "done"

    eventually(is_done)
