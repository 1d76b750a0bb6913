"""deploy/grafana: dashboards that Grafana can read, and whose every panel has something to show."""

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from conversations.chatbots.onboarding import Workspace
from tests import fake_openai
from tests.eventually import eventually
from tests.live import ROOT, Process
from tests.platform import prometheus
from tests.platform.test_alerts import existing, metrics_in
from tests.reliability.test_up import free_port
from tests.test_main_job import client

FOLDER = ROOT / "deploy" / "grafana"
UNITS = {"short", "s", "percentunit", "reqps", "currencyUSD", "bytes"}
DATA_SECONDS = 40


def dashboards() -> list[dict[str, Any]]:
    paths = sorted((FOLDER / "dashboards").glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for dashboard in dashboards():
        for panel in dashboard["panels"]:
            yield f"{dashboard['title']}: {panel['title']}", panel


def queries() -> dict[str, str]:
    """Every panel's queries by its title."""
    return {
        f"{title} ({target['refId']})": target["expr"]
        for title, panel in panels()
        for target in panel["targets"]
    }


def test_dashboards_are_whole_and_alike() -> None:
    assert len({each["uid"] for each in dashboards()}) == len(dashboards()) == 5
    for dashboard in dashboards():
        assert [each["type"] for each in dashboard["templating"]["list"]] == ["datasource"]
        assert dashboard["description"]
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids)
        places = [panel["gridPos"] for panel in dashboard["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        covered = [
            (x, y)
            for place in places
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(set(covered)) == len(covered), dashboard["title"]
    titles = [title for title, _ in panels()]
    assert len(set(titles)) == len(titles) > 30
    for title, panel in panels():
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in UNITS, title
        assert defaults["thresholds"]["steps"][0]["value"] is None, title
        for target in [panel, *panel["targets"]]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, title


def test_queries_ask_for_what_there_is_and_name_no_instance() -> None:
    for title, query in queries().items():
        plain = query.replace("$__rate_interval", "5m")
        assert metrics_in(plain), title
        assert metrics_in(plain) <= existing(), title
        assert "instance=" not in plain and "$" not in plain, title
        # A fixed window would hide what is between two points of a longer time.
        assert all(
            window in ("1h", "24h") for window in re.findall(r"\[(\w+)\]", query) if window
        ), title


def test_provisioning_finds_the_dashboards_and_a_data_source() -> None:
    def read(path: str) -> Any:
        return yaml.safe_load((FOLDER / "provisioning" / path).read_text(encoding="utf-8"))

    (source,) = read("datasources/prometheus.yaml")["datasources"]
    assert source["type"] == "prometheus"
    scrape = yaml.safe_load((prometheus.FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    assert source["jsonData"]["timeInterval"] == scrape["global"]["scrape_interval"]
    (provider,) = read("dashboards/chatbot.yaml")["providers"]
    assert provider["options"]["path"] in (ROOT / "docs" / "operations.md").read_text("utf-8")


def has_data(series: list[dict[str, Any]]) -> bool:
    return any(math.isfinite(float(each["value"][1])) for each in series)


@pytest.mark.skipif(prometheus.PROGRAM is None, reason=prometheus.MISSING)
def test_every_panel_shows_something_of_a_product_that_is_used(
    tmp_path: Path, make_workspace: Callable[[], Workspace]
) -> None:
    """Turns, a failing provider, a refusal, documents, until each query has found a figure."""
    workspace, port = make_workspace(), free_port()
    pending = {
        title: query.replace("$__rate_interval", "10s") for title, query in queries().items()
    }
    with ExitStack() as stack:
        fake = stack.enter_context(fake_openai.running())
        model = {"LLM_BASE_URL": fake.url}
        web = stack.enter_context(Process("web", environment=model, counts_alone=True))
        asked = {"WORKER_METRICS_PORT": str(port)}
        stack.enter_context(Process("worker", environment=asked, counts_alone=True))
        addresses = {"web": f"127.0.0.1:{web.port}", "worker": f"127.0.0.1:{port}"}
        watching = stack.enter_context(prometheus.running(tmp_path, **addresses))
        eventually(lambda: len(watching.query("up == 1")) == 2)
        http = stack.enter_context(client(web, workspace))
        deadline = time.monotonic() + DATA_SECONDS
        while pending and time.monotonic() < deadline:
            use(http, workspace, fake)
            # The next scrape has it.
            time.sleep(0.5)
            pending = {
                title: query
                for title, query in pending.items()
                if not has_data(watching.query(query))
            }
    assert pending == {}


def use(http: httpx.Client, workspace: Workspace, fake: fake_openai.FakeOpenAI) -> None:
    """A little of everything."""
    name = uuid4().hex
    for text in ("Where is the depot?", f"Why does {name} fail?"):
        fake.script({"match": name, "status": 400, "times": 1})
        http.post(
            "/v1/chat/completions",
            json={
                "model": str(workspace.chatbot_id),
                "messages": [{"role": "user", "content": text}],
            },
        )
    turn = {"text": "Is anybody there?", "client_turn_id": name}
    http.post(f"/v1/chatbots/{workspace.tenant.id}/turns", json=turn)
    text = f"# Depot\n\nThe access code of {name} is 48213.\n"
    http.post("/v1/documents", files={"file": (f"{name}.md", text.encode())})
