"""A tenant's visitors while one stranger or another tenant does what once stopped everybody."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from bench import stack
from bench.drill.suite import VAR_DIR
from bench.figures import spread_ms
from tests.fake_openai import running as provider_running

RATE, SECONDS = 5.0, 30.0
# What a neighbour may notice: so much more in share, or in milliseconds, whichever is more.
SHARE, MILLISECONDS = 1.2, 50.0
CONVERSATIONS, CHATBOTS = 40_000, 3
# The product's own, of which the bench has more.
_LIMITS = {"SOCKETS_PER_ADDRESS": "500"}


def run() -> dict[str, Any]:
    """p95 of whole turns in milliseconds, alone and beside each attack; `passed` when all bounds hold."""
    with provider_running() as fake, stack.running(fake.url, **_LIMITS) as product:
        os.environ |= stack.environment(fake.url)
        import django

        django.setup()
        fake.default(tokens=100, first_delay=0.05)
        return _measured(product)


def _measured(product: stack.Stack) -> dict[str, Any]:
    # Imported here: they need Django set up, with the bench's own servers.
    from bench import turns, workspaces
    from bench.drill.attackers import ATTACKS

    workspaces.prepare_platform()
    workspace, ask = turns._prepare()
    target = _target(product)
    _visit(product, workspace, ask, 10.0)
    alone = _visit(product, workspace, ask, SECONDS)
    bound = max(alone["p95_ms"] * SHARE, alone["p95_ms"] + MILLISECONDS)
    result: dict[str, Any] = {
        "did": f"turns of a tenant beside {len(ATTACKS)} attacks",
        "alone": alone,
    }
    passed = True
    for name in ATTACKS:
        with _attacking(name, target):
            result[name] = beside = _visit(product, workspace, ask, SECONDS)
        passed &= beside["p95_ms"] <= bound and not beside["errors"]
    return {"passed": passed, "bound_p95_ms": round(bound, 1), **result}


def _visit(
    product: stack.Stack, workspace: Any, ask: Callable[[], str], seconds: float
) -> dict[str, float]:
    from bench import load

    outcome = asyncio.run(load.open_loop(product, workspace, ask, rate=RATE, seconds=seconds))
    return {**spread_ms(outcome.whole), "errors": len(outcome.errors)}


@contextmanager
def _attacking(name: str, target: dict[str, Any]) -> Iterator[None]:
    with (VAR_DIR / f"attack-{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.drill.attackers", name],
            cwd=stack.ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(target).encode())
        process.stdin.close()
        try:
            yield
            if process.poll() is not None:
                raise SystemExit(f"the attack {name} ended by itself: see {log.name}")
        finally:
            process.kill()
            process.wait()


def _target(product: stack.Stack) -> dict[str, Any]:
    """A tenant on the largest plan that is sold, with chatbots of many conversations."""
    from billing.catalog.services import subscribe
    from conversations.chatbots.onboarding import create_workspace
    from conversations.chatbots.services import create_chatbot
    from tenants.context import tenant_context
    from tests.conversations.client import ingest

    attacker = create_workspace(slug=f"attacker-{uuid4().hex[:8]}", name="Attacker")
    subscribe(tenant_id=attacker.tenant.id, plan="team")
    ingest(attacker.tenant.id, "code.txt", "The code is 48213.")
    with tenant_context(attacker.tenant.id):
        large = [create_chatbot(name=f"Large {number}").id for number in range(CHATBOTS)]
        for chatbot_id in large:
            _fill(chatbot_id)
    return {
        "url": product.url,
        "socket_url": product.socket_url,
        "port": product.port,
        "host": attacker.tenant.host,
        "secret_key": attacker.secret_key,
        "publishable_key": attacker.publishable_key,
        "chatbot_id": str(attacker.chatbot_id),
        "large_chatbots": [str(chatbot_id) for chatbot_id in large],
    }


def _fill(chatbot_id: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH conversation AS (
                INSERT INTO conversations_conversation
                    (id, chatbot_id, visitor_id, external_user, channel, created_at, last_message_at)
                SELECT gen_random_uuid(), %s, gen_random_uuid(), '', 'widget', now(), now()
                FROM generate_series(1, %s) RETURNING id
            )
            INSERT INTO conversations_message
                (id, conversation_id, role, text, status, created_at)
            SELECT gen_random_uuid(), id, 'visitor', 'What is the code?', 'completed', now()
            FROM conversation
            """,
            [chatbot_id, CONVERSATIONS],
        )
