"""Vectors for tenants' own programs: held and charged like turns, and made while tenants take turns."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction

from billing import quotas
from billing.pricing import TokenPrice, estimate_tokens, most_tokens
from billing.selectors import PlanLimits, TurnTerms, plan_limits, price_of
from core.errors import PermissionDenied, ProviderFailed, RateLimited, Unavailable
from core.ids import new_id
from knowledge.embeddings.base import EmbeddingError, Vectors
from knowledge.embeddings.registry import get_embedder, is_paid
from tenants.context import in_platform, in_tenant
from tenants.limits.turns import check_embedding_rate

# As many as OpenAI takes; a text is cut by the model long before its end.
MAX_INPUTS, MAX_INPUT_LENGTH = 2_048, 8_000
# Requests of one tenant that a process has in work or waiting.
_AT_ONCE = 4
_FREE = TokenPrice(Decimal(0), Decimal(0))
_PROVIDER = "embeddings"
_running: Counter[UUID] = Counter()


@dataclass(frozen=True, slots=True)
class Embedded:
    """float32 [texts, dimensions], rows of unit length; `tokens` is an upper estimate."""

    vectors: Vectors
    tokens: int


async def embed_for_tenant(tenant_id: UUID, texts: Sequence[str]) -> Embedded:
    """Each request is one message of the plan and costs what the embedding model's price says; the local
    model costs nothing.

    Raises `PermissionDenied` for a tenant that may not spend, `TenantSuspended`, `BudgetExceeded`,
    `QuotaExceeded`, `RateLimited`, `ProviderFailed`, and `Unavailable` for a service without a price.
    """
    with _place_of(tenant_id):
        plan = await in_platform(plan_limits, tenant_id)
        if is_paid() and not plan.may_spend:
            raise PermissionDenied("An owner of this workspace has to confirm an address first.")
        await check_embedding_rate(tenant_id=tenant_id, per_minute=plan.turns_per_minute)
        request_id = new_id()
        terms = await in_tenant(tenant_id, _reserve, request_id, plan, texts)
        return await _embed(tenant_id, request_id, terms, texts)


@contextmanager
def _place_of(tenant_id: UUID) -> Iterator[None]:
    if _running[tenant_id] >= _AT_ONCE:
        raise RateLimited(
            "Too many texts are embedded at once. Wait for one of the requests.", retry_after=1
        )
    _running[tenant_id] += 1
    try:
        yield
    finally:
        _running[tenant_id] -= 1
        if not _running[tenant_id]:
            del _running[tenant_id]


def _reserve(request_id: UUID, plan: PlanLimits, texts: Sequence[str]) -> TurnTerms:
    model = get_embedder().name
    # What is paid for has a price or is not given: the local model is the only one without.
    terms = TurnTerms(plan, model, price_of(model) if is_paid() else _FREE)
    with transaction.atomic():
        quotas.reserve(
            turn_id=request_id,
            terms=terms,
            max_tokens_in=sum(map(most_tokens, texts)),
            max_tokens_out=0,
        )
    return terms


async def _embed(
    tenant_id: UUID, request_id: UUID, terms: TurnTerms, texts: Sequence[str]
) -> Embedded:
    made: list[Vectors] = []
    # Whoever hangs up has had the work done, or begun.
    charged = texts
    try:
        # The hold is freed by the sweeper later than this.
        async with asyncio.timeout(settings.TURN_SECONDS):
            pieces = get_embedder().embed_in_turn(texts, tenant_id=tenant_id)
            async with aclosing(pieces):
                async for piece in pieces:
                    made.append(piece)
    except EmbeddingError as error:
        charged = texts[: sum(map(len, made))]
        raise ProviderFailed("The texts could not be embedded. Try again.") from error
    except TimeoutError as error:
        raise Unavailable("This took too long. Send fewer texts at once.", retry_after=2) from error
    finally:
        await in_tenant(tenant_id, _settle, request_id, terms, charged)
    return Embedded(np.concatenate(made), sum(map(estimate_tokens, texts)))


def _settle(request_id: UUID, terms: TurnTerms, texts: Sequence[str]) -> None:
    with transaction.atomic():
        if not texts:
            quotas.release(turn_id=request_id)
            return
        quotas.settle(
            turn_id=request_id,
            terms=terms,
            provider=_PROVIDER,
            model=terms.model,
            tokens_in=sum(map(estimate_tokens, texts)),
            tokens_out=0,
            source="estimated",
        )
