"""Documents into a workspace that is gone afterwards, and questions through search and answerer, as a
turn asks them; no web server in between."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from bench.answers.grading import Grade, Question, grade
from conversations.llm.base import ChatMessage, LLMRequest, LLMText
from conversations.llm.offline import OfflineAnswerer
from conversations.llm.providers import embed_texts, warm_up
from conversations.turns.prompts import search_query
from conversations.turns.retrieval import find_passages
from knowledge.management.commands.evaluate_retrieval import ingest_folder, scratch_tenant

MAX_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class Answered:
    """`cpu_ms`: processor time of this process, search and embedding included, PostgreSQL not."""

    workspace: str
    question: Question
    answer: str
    grade: Grade
    cpu_ms: float


def ask_all(folder: Path, questions: Sequence[Question]) -> list[Answered]:
    """Every question about the documents of the folder."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".md", ".txt"))
    with scratch_tenant() as tenant_id:
        for _ in ingest_folder(tenant_id, files):
            pass
        return asyncio.run(_ask_all(tenant_id, folder.name, questions))


async def _ask_all(
    tenant_id: UUID, workspace: str, questions: Sequence[Question]
) -> list[Answered]:
    await warm_up()
    return [await _ask(tenant_id, workspace, question) for question in questions]


async def _ask(tenant_id: UUID, workspace: str, question: Question) -> Answered:
    began = time.process_time()
    answer = await _answer(tenant_id, question)
    spent = (time.process_time() - began) * 1_000
    return Answered(workspace, question, answer, grade(question, answer), spent)


async def _answer(tenant_id: UUID, question: Question) -> str:
    history = [ChatMessage("user", text) for text in question.earlier]
    query = search_query(question.text, history)
    budget = settings.TURN_RETRIEVAL_CHARACTERS
    passages, _ = await find_passages(tenant_id, query, budget=budget, source_ids=())
    request = LLMRequest(
        model="offline",
        messages=(),
        question=query,
        passages=tuple(passages),
        max_tokens=MAX_TOKENS,
    )
    async with aclosing(OfflineAnswerer(embed_texts).stream(request)) as stream:
        return "".join([event.text async for event in stream if isinstance(event, LLMText)])
