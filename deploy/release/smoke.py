"""`SMOKE_KEY=… python -m deploy.release.smoke URL`: whether an installation answers, as users see it.

The key is a secret one of a workspace with a chatbot and a document, with the scopes `chat` and
`chatbots:read`. The question is a turn as any other: it is charged and kept.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx

_QUESTION = "What can you help me with?"
_ENDS = {"turn.completed", "turn.failed", "turn.snapshot"}


# Over processes that take turns.
_IN_A_ROW = 20


class SmokeError(Exception):
    """Something that users need does not work; the text says what."""


def check_ready(api: httpx.Client) -> str:
    answer = api.get("/readyz")
    if answer.status_code != httpx.codes.OK:
        raise SmokeError(f"/readyz says {answer.status_code}: {answer.text[:300]}")
    return "ready"


def wait_for(api: httpx.Client, release: str, minutes: float) -> None:
    """Until a roll-out is over: so many answers in a row are of this release, whichever process gives
    them. Raises SmokeError if that takes longer than so many minutes."""
    deadline, row, said = time.monotonic() + minutes * 60, 0, "nothing"
    while row < _IN_A_ROW:
        if time.monotonic() > deadline:
            raise SmokeError(f"{release} is not there after {minutes:g} minutes: {said} answers.")
        try:
            answer = api.get("/readyz")
            said = str(answer.json().get("release", "a release without a name"))
        except (httpx.HTTPError, ValueError) as error:
            said = f"nobody ({type(error).__name__})"
        row = row + 1 if said == release else 0
        time.sleep(0.2 if row else 2)


def check_pages(api: httpx.Client) -> str:
    """The widget's loader, which sites embed, and the log-in."""
    for path in ("/widget/v1.js", "/login"):
        answer = api.get(path, follow_redirects=True)
        if answer.status_code != httpx.codes.OK or not answer.content:
            raise SmokeError(f"{path} says {answer.status_code}.")
    return "pages are served"


def check_answer(api: httpx.Client) -> str:
    """Asks the key's first chatbot, and reads the answer as it streams."""
    listed = api.get("/v1/chatbots", params={"limit": 1})
    if listed.status_code != httpx.codes.OK:
        raise SmokeError(f"/v1/chatbots says {listed.status_code}: {listed.text[:300]}")
    chatbots = listed.json()["data"]
    if not chatbots:
        raise SmokeError("The key's workspace has no chatbot: make one, and give it a document.")
    began, first = time.monotonic(), 0.0
    body = {"client_turn_id": f"smoke-{uuid4().hex}", "text": _QUESTION}
    with api.stream("POST", f"/v1/chatbots/{chatbots[0]['id']}/turns", json=body) as answer:
        if answer.status_code != httpx.codes.OK:
            answer.read()
            raise SmokeError(f"The question was answered {answer.status_code}: {answer.text[:300]}")
        for event in events(answer.iter_lines()):
            if event["type"] == "turn.delta":
                first = first or time.monotonic() - began
            if event["type"] in _ENDS:
                if event["type"] != "turn.completed":
                    raise SmokeError(f"The turn ended with {json.dumps(event)[:300]}")
                return f"answered, first text after {first:.2f} s"
    raise SmokeError("The stream ended without an end of the turn.")


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The data of server-sent events; comments keep the stream open and say nothing."""
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line[6:])


CHECKS: tuple[Callable[[httpx.Client], str], ...] = (check_ready, check_pages, check_answer)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m deploy.release.smoke", description=__doc__)
    parser.add_argument("url", help="the platform's address, such as https://app.example.com")
    parser.add_argument("--certificates", help="a file of authorities to believe, for one's own")
    parser.add_argument("--release", help="wait until this release is what answers")
    parser.add_argument("--minutes", type=float, default=30, help="for that (default 30)")
    options = parser.parse_args(arguments)
    key = os.environ.get("SMOKE_KEY", "")
    if not key:
        print("SMOKE_KEY is not set: give it a workspace's secret key.", file=sys.stderr)
        return 2
    with httpx.Client(
        base_url=options.url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
        verify=options.certificates or True,
    ) as api:
        try:
            if options.release:
                wait_for(api, options.release, options.minutes)
            for check in CHECKS:
                print(f"{options.url}: {check(api)}", flush=True)
        except (SmokeError, httpx.HTTPError) as error:
            print(f"{options.url}: {error or type(error).__name__}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
