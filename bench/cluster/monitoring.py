"""Prometheus and Alertmanager with the product's own configuration: only addresses are changed. Nobody
outside is paged: what would go to a pager and a chat goes to the part `pager`."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.cluster.plan import Plan
from bench.stack import ROOT
from chatbot_saas.embedded.credentials import write_private

DEPLOY = ROOT / "deploy"
PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
NO_PROMETHEUS = "Prometheus is not installed: apt-get install prometheus"
NO_ALERTMANAGER = "Alertmanager is not installed: apt-get install prometheus-alertmanager"


def prepare(plan: Plan) -> None:
    """Writes both programs' configuration into folders of theirs."""
    _prepare_prometheus(plan, plan.folder / "prometheus")
    _prepare_alertmanager(plan, plan.folder / "alertmanager")


def _prepare_prometheus(plan: Plan, folder: Path) -> None:
    shutil.copytree(DEPLOY / "prometheus" / "rules", folder / "rules")
    write_private(folder / "metrics-token", plan.metrics_token)
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    by_role = {
        role: [port for name, port in plan.ports.items() if re.fullmatch(rf"{role}\d+", name)]
        for role in ("web", "worker")
    }
    changes = {
        '"web1:8000", "web2:8000"': _targets(by_role["web"]),
        '"worker:9100"': _targets(by_role["worker"]),
        '"alertmanager:9093"': _targets([plan.ports["alertmanager"]]),
        "interval: 15s": "interval: 5s",
        "scrape_timeout: 10s": "scrape_timeout: 4s",
    }
    (folder / "prometheus.yml").write_text(_changed(text, changes), encoding="utf-8")


def _prepare_alertmanager(plan: Plan, folder: Path) -> None:
    folder.mkdir()
    pager = f"http://127.0.0.1:{plan.ports['pager']}"
    # Neither is a secret here: nobody outside is asked.
    write_private(folder / "on-call-key", "0" * 32)
    write_private(folder / "team-url", f"{pager}/team")
    text = (DEPLOY / "alertmanager.yml").read_text(encoding="utf-8")
    start = "global:\n  pagerduty_url: {}\n\nroute:\n".format(f"{pager}/on-call")
    text = _changed(text, {"route:\n  receiver": f"{start}  receiver"})
    (folder / "alertmanager.yml").write_text(text, encoding="utf-8")


def _targets(ports: Sequence[int]) -> str:
    return ", ".join(f'"127.0.0.1:{port}"' for port in ports)


def _changed(text: str, changes: dict[str, str]) -> str:
    for was, now in changes.items():
        if was not in text:
            raise ValueError(f"the configuration in deploy/ has no {was!r} any more")
        text = text.replace(was, now)
    return text


def prometheus_command(plan: Plan) -> list[str]:
    folder = plan.folder / "prometheus"
    return [
        str(PROMETHEUS),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{plan.ports['prometheus']}",
        "--log.level=warn",
    ]


def alertmanager_command(plan: Plan) -> list[str]:
    folder = plan.folder / "alertmanager"
    return [
        str(ALERTMANAGER),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{plan.ports['alertmanager']}",
        # One alone: it talks to no other.
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
