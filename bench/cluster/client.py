"""A program with a secret key, at nginx's TLS, under a workspace's own host."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from bench.cluster.certificate import trust

_SECONDS = 60.0


@dataclass
class Answer:
    """A streamed answer; `end` is the type of its last event."""

    text: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    end: str = ""


class Client:
    """Connects to this machine, whatever the resolver says of `host`."""

    def __init__(self, port: int, host: str, key: str, certificate: Path) -> None:
        self._sni = {"sni_hostname": host}
        self._http = httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}", "Host": f"{host}:{port}"},
            verify=trust(certificate),
            timeout=_SECONDS,
            trust_env=False,
        )

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path, extensions=self._sni)

    def upload(self, name: str, text: str) -> str:
        """The document's id."""
        files = {"file": (name, text.encode())}
        answer = self._http.post("/v1/documents", files=files, extensions=self._sni)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def status(self, document: str) -> str:
        answer = self.get(f"/v1/documents/{document}")
        answer.raise_for_status()
        return str(answer.json()["status"])

    def ask(self, chatbot: str, question: str) -> Answer:
        """Reads the stream of events to its end."""
        answer = Answer()
        path = f"/v1/chatbots/{chatbot}/turns"
        body = {"client_turn_id": uuid4().hex, "text": question}
        with self._http.stream("POST", path, json=body, extensions=self._sni) as response:
            response.raise_for_status()
            for line in response.iter_lines():
                if line.startswith("data: "):
                    _take(answer, json.loads(line.removeprefix("data: ")))
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


def _take(answer: Answer, event: dict[str, Any]) -> None:
    answer.end = event["type"]
    if event["type"] == "turn.delta":
        answer.text += event["text"]
    if event["type"] == "turn.citation":
        answer.citations.append(event)
