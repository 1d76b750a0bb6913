"""Debian's Prometheus with the product's own configuration, over processes of a test."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.live import ROOT
from tests.reliability.test_up import free_port

FOLDER = ROOT / "deploy" / "prometheus"
PROGRAM = shutil.which("prometheus")
MISSING = "prometheus is not installed: apt-get install prometheus"


class Prometheus:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=10)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that it finds now; an expression that is none raises."""
        answer = self._http.get("/api/v1/query", params={"query": expression})
        assert answer.status_code == 200, (expression, answer.text)
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False


def configuration(web: str, worker: str) -> str:
    """The product's, with addresses of this machine and every second; and nobody to tell of alerts."""
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    changes = {
        '"web1:8000", "web2:8000"': f'"{web}"',
        '"worker:9100"': f'"{worker}"',
        "scrape_interval: 15s": "scrape_interval: 1s",
        "scrape_timeout: 10s": "scrape_timeout: 1s",
        "evaluation_interval: 15s": "evaluation_interval: 1s",
        '"alertmanager:9093"': "",
    }
    for was, becomes in changes.items():
        assert text.count(was) == 1, was
        text = text.replace(was, becomes)
    return text


@contextmanager
def running(folder: Path, *, web: str, worker: str) -> Iterator[Prometheus]:
    """Starts it in `folder`; asks these addresses, with the suite's token."""
    assert PROGRAM is not None
    shutil.copytree(FOLDER / "rules", folder / "rules")
    (folder / "metrics-token").write_text(os.environ["METRICS_TOKEN"])
    (folder / "prometheus.yml").write_text(configuration(web, worker), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [
        PROGRAM,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        prometheus = Prometheus(f"http://{address}")
        deadline = time.monotonic() + 30
        while not prometheus.is_ready():
            said = (folder / "log").read_text()
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.1)
        yield prometheus
    finally:
        process.kill()
        process.wait(10)
