"""CPU per turn, turns per second, time to first token, idle sockets beside it."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from bench import load
from bench.figures import spread_ms
from bench.stack import Stack
from bench.workspaces import Words, make_workspace
from conversations.chatbots.onboarding import Workspace
from tests.conversations.client import ingest
from tests.fake_openai import FakeOpenAI

TOKENS = 100
FIRST_DELAY = 0.05


def measure(stack: Stack, fake: FakeOpenAI, *, full: bool) -> dict[str, Any]:
    fake.default(tokens=TOKENS)
    workspace, ask = _prepare()
    asyncio.run(load.closed_loop(stack, workspace, ask, clients=8, turns=80))
    result = _closed(stack, workspace, ask, turns=1600 if full else 480)
    fake.default(tokens=TOKENS, first_delay=FIRST_DELAY)
    seconds = 30.0 if full else 10.0

    async def steady() -> load.Outcome:
        return await load.open_loop(stack, workspace, ask, rate=20, seconds=seconds)

    result["added_time_to_first_token_at_20_per_s"] = _added(asyncio.run(steady()))
    sockets = 10_000 if full else 1_000
    outcome, kilobytes, lost = asyncio.run(load.with_idle(stack, workspace, sockets, steady))
    result[f"beside_{sockets}_idle_sockets"] = {
        **_added(outcome),
        "web_kB_per_socket": kilobytes,
        "sockets_lost": lost,
    }
    return result


def _prepare() -> tuple[Workspace, Callable[[], str]]:
    workspace, words = make_workspace(), Words(seed=1)
    text = words.paragraphs(300)
    ingest(workspace.tenant.id, "handbook.txt", text)
    sentences = itertools.cycle(line for line in text.splitlines() if line)
    return workspace, lambda: "What about " + " ".join(next(sentences).split()[:6]) + "?"


def _closed(
    stack: Stack, workspace: Workspace, ask: Callable[[], str], *, turns: int
) -> dict[str, Any]:
    before = stack.cpu_seconds()
    outcome, seconds = asyncio.run(load.closed_loop(stack, workspace, ask, clients=8, turns=turns))
    after = stack.cpu_seconds()
    each = {name: round((after[name] - before[name]) * 1000 / turns, 2) for name in after}
    return {
        "cpu_ms_per_turn": {**each, "all": round(sum(each.values()), 2)},
        "turns_per_s_8_clients": round(len(outcome.whole) / seconds, 1),
        "turns": turns,
        "grounded_share": round(outcome.cited / turns, 3),
        "errors": len(outcome.errors),
        "whole_turn": spread_ms(outcome.whole),
    }


def _added(outcome: load.Outcome) -> dict[str, Any]:
    added = [seconds - FIRST_DELAY for seconds in outcome.first_token]
    return {**spread_ms(added), "turns": len(added), "errors": len(outcome.errors)}
