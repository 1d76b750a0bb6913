"""Reads PostgreSQL's side of the ledgers, when all is over."""

import hashlib
from collections import Counter, defaultdict
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum

from bench.drill.storm.ledger import (
    Books,
    Charge,
    Ledgers,
    Said,
    StoredDocument,
    StoredTurn,
)
from billing.catalog.models import TenantUsageDay
from billing.models import Hold, QuotaPeriod, UsageRecord
from conversations.models import Message, Turn
from knowledge import services
from knowledge.ingestion import ingest
from knowledge.models import Chunk, Corpus, Document, Embedding
from tenants.context import platform_context, tenant_context

_CHUNK = ("ordinal", "page", "heading_path", "start", "end", "text", "gap", "tsv")


def read(ledgers: Ledgers, tenant_ids: list[str]) -> None:
    """Adds what each tenant's schema holds."""
    for tenant_id in tenant_ids:
        with tenant_context(UUID(tenant_id)):
            ledgers.turns += _turns(tenant_id)
            ledgers.charges += _charges()
            ledgers.books.append(_books(tenant_id))
            ledgers.documents += _documents(tenant_id)
            says = Corpus.objects.values_list("chunks", flat=True).first() or 0
            ledgers.corpora[tenant_id] = (says, Chunk.objects.count())


def _turns(tenant_id: str) -> list[StoredTurn]:
    messages: defaultdict[UUID | None, list[Said]] = defaultdict(list)
    for message in Message.objects.exclude(turn=None).order_by("created_at"):
        messages[message.turn_id].append(Said(message.role, message.status, message.text))
    return [
        StoredTurn(
            id=str(turn.id),
            mark=turn.client_turn_id,
            tenant=tenant_id,
            status=turn.status,
            provider=turn.provider,
            messages=tuple(messages[turn.id]),
        )
        for turn in Turn.objects.defer("trace")
    ]


def _charges() -> list[Charge]:
    return [
        Charge(str(record.turn_id), (record.tokens_in, record.tokens_out), record.source)
        for record in UsageRecord.objects.all()
    ]


def _books(tenant_id: str) -> Books:
    period = QuotaPeriod.objects.aggregate(
        held=Sum("messages_held"),
        cost_held=Sum("cost_held"),
        used=Sum("messages_used"),
        cost=Sum("cost_used"),
    )
    records = UsageRecord.objects.aggregate(turns=Count("pk"), cost=Sum("cost"))
    with platform_context():
        days = TenantUsageDay.objects.filter(tenant_id=tenant_id).aggregate(
            turns=Sum("turns"), cost=Sum("cost")
        )
    return Books(
        tenant=tenant_id,
        holds=Hold.objects.count(),
        held=_sum(period["held"], period["cost_held"]),
        month=_sum(period["used"], period["cost"]),
        days=_sum(days["turns"], days["cost"]),
        records=_sum(records["turns"], records["cost"]),
    )


def _sum(turns: int | None, cost: Decimal | None) -> tuple[int, str]:
    return turns or 0, f"{cost or Decimal(0):.9f}"


def _documents(tenant_id: str) -> list[StoredDocument]:
    return [
        StoredDocument(
            id=str(document.id),
            tenant=tenant_id,
            status=document.status,
            took=(
                (document.published_at or document.updated_at) - document.created_at
            ).total_seconds(),
            chunks=_digest(document.id),
            doubles=_doubles(document.id),
            unsearchable=_unsearchable(document.id),
        )
        for document in Document.objects.all()
    ]


def _digest(document_id: UUID) -> str:
    found = Chunk.objects.filter(document_id=document_id).order_by("ordinal", "pk")
    return hashlib.sha256(repr(list(found.values_list(*_CHUNK))).encode()).hexdigest()


def _doubles(document_id: UUID) -> int:
    ordinals = Chunk.objects.filter(document_id=document_id).values_list("ordinal", flat=True)
    return sum(count - 1 for count in Counter(ordinals).values())


def _unsearchable(document_id: UUID) -> int:
    chunks = Chunk.objects.filter(document_id=document_id)
    vectors = Counter(
        Embedding.objects.filter(chunk__document_id=document_id).values_list("chunk_id", flat=True)
    )
    return sum(vectors[pk] != 1 for pk in chunks.values_list("pk", flat=True))


def read_calm(ledgers: Ledgers, tenant_id: UUID) -> None:
    """Ingests every content once more, in a tenant where nothing disturbs it."""
    with tenant_context(tenant_id):
        for content in dict.fromkeys(upload.content for upload in ledgers.uploads):
            document, _ = services.create_document(
                filename="calm.md", content=content.encode(), queued=False
            )
            ingest(document.id, 1, heartbeat=lambda: None)
            ledgers.calm[content] = _digest(document.id)


def unfinished(tenant_ids: list[str]) -> int:
    """Turns that run and documents that have not ended."""
    count = 0
    for tenant_id in tenant_ids:
        with tenant_context(UUID(tenant_id)):
            count += Turn.objects.filter(status="running").count() + Hold.objects.count()
            count += Document.objects.filter(status__in=("queued", "processing")).count()
    return count
