"""`python -m bench.cluster.seed`: two workspaces with a document each, and a question to both through
nginx's TLS; says the answers, and as its last line the workspaces in JSON."""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django
import httpx

django.setup()

from bench import workspaces  # noqa: E402
from bench.cluster.client import Client  # noqa: E402
from billing.catalog.services import subscribe  # noqa: E402
from conversations.chatbots.onboarding import create_workspace  # noqa: E402

_READ_SECONDS = 60.0
# By slug: a document and a question that only it answers.
SEEDS = {
    "north": (
        "The gate of the north depot opens at 05:40.",
        "When does the gate of the depot open?",
    ),
    "south": (
        "The gate of the south depot opens at 07:15.",
        "When does the gate of the depot open?",
    ),
}


@dataclass(frozen=True)
class Made:
    """A workspace by what its clients know of it."""

    id: str
    host: str
    chatbot_id: str
    secret_key: str
    publishable_key: str


def make(slug: str, port: int) -> Made:
    """A workspace whose own pages, at nginx's port, may use its chatbot."""
    host = f"{slug}.{os.environ['TENANT_HOST_SUFFIX']}"
    made = create_workspace(slug=slug, name=slug.title(), origins=[f"https://{host}:{port}"])
    subscribe(tenant_id=made.tenant.id, plan=workspaces.PLAN)
    return Made(
        id=str(made.tenant.id),
        host=made.tenant.host,
        chatbot_id=str(made.chatbot_id),
        secret_key=made.secret_key,
        publishable_key=made.publishable_key,
    )


def converse(made: Made, client: Client, text: str, question: str) -> dict[str, Any]:
    """Brings the document, waits until it is read, asks."""
    document = client.upload(f"{made.host}.md", text)
    deadline = time.monotonic() + _READ_SECONDS
    while (status := client.status(document)) != "ready":
        if status == "failed" or time.monotonic() > deadline:
            raise SystemExit(f"The document of {made.host} is {status}: see the workers' logs.")
        time.sleep(0.2)
    answer = client.ask(made.chatbot_id, question)
    print(f"\n{made.host}: {question}\n  {answer.text}", flush=True)
    for citation in answer.citations:
        print(f"  [{citation['n']}] {citation['title']}: “{citation['quote']}”", flush=True)
    if not answer.citations:
        raise SystemExit(f"{made.host} answered without a citation.")
    return {**asdict(made), "answer": answer.text}


def main() -> None:
    certificate = Path(sys.argv[1])
    port = int(os.environ["PORT"])
    workspaces.prepare_platform()
    told = []
    for slug, (text, question) in SEEDS.items():
        made = make(slug, port)
        with Client(port, made.host, made.secret_key, certificate) as client:
            told.append(converse(made, client, text, question))
    Path(sys.argv[2]).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except httpx.HTTPError as error:
        sys.exit(f"A workspace could not be asked through nginx: {error!r}. See the webs' logs.")
