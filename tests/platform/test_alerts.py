"""deploy/prometheus: rules that are valid, fire, ask for what there is, and are explained."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import metrics
from tests.docs.test_pages import exposed, first_column, own_metrics, page
from tests.live import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
PROMTOOL, AMTOOL = shutil.which("promtool"), shutil.which("amtool")
# Prometheus' own, and those of its client library for Python.
FOREIGN = {"up", "process_open_fds", "process_max_fds", "process_resident_memory_bytes"}
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed: apt-get install prometheus"
)
needs_amtool = pytest.mark.skipif(
    AMTOOL is None, reason="amtool is not installed: apt-get install prometheus-alertmanager"
)


def rules(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / "rules" / f"{name}.yml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules("recording")}


def cases() -> list[dict[str, Any]]:
    found = []
    for path in sorted((FOLDER / "tests").glob("*.yml")):
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            found += test["alert_rule_test"]
    return found


def run(*command: str | Path | None) -> tuple[int, str]:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def metrics_in(expression: str) -> set[str]:
    """Names that a query asks for: those of the product, of recording rules, and foreign ones."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|ignoring|without) ?\([^)]*\)", "", expression)
    names = re.findall(r"[a-zA-Z_:][\w:]*(?!\w*\()", bare)
    called = set(re.findall(r"([a-zA-Z_]\w*)\s*\(", bare))
    return {name for name in names if ":" in name or "_" in name or name == "up"} - called


def existing() -> set[str]:
    """Every name that a query may ask for."""
    names = {exposed(metric) for metric in own_metrics()}
    for metric in own_metrics():
        if metric._type == "histogram":
            names |= {f"{metric._name}_{part}" for part in ("bucket", "count", "sum")}
    return names | recorded() | FOREIGN


@needs_promtool
def test_the_rules_and_the_configuration_are_valid(tmp_path: Path) -> None:
    copy = tmp_path / "prometheus"
    shutil.copytree(FOLDER, copy)
    (copy / "metrics-token").write_text("secret")
    code, said = run(PROMTOOL, "check", "config", copy / "prometheus.yml")
    assert code == 0, said
    assert f"{len(recorded())} rules found" in said
    assert f"{len(rules('alerts'))} rules found" in said


@needs_promtool
def test_each_alert_fires_when_it_should_and_not_when_it_should_not(tmp_path: Path) -> None:
    code, said = run(PROMTOOL, "test", "rules", *sorted((FOLDER / "tests").glob("*.yml")))
    assert code == 0, said
    copy = tmp_path / "prometheus"
    shutil.copytree(FOLDER, copy)
    path, right = copy / "rules" / "alerts.yml", "_bytes) > 0) > 0.8"
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1
    path.write_text(text.replace(right, "_bytes) > 0) > 0.95"), encoding="utf-8")
    code, said = run(PROMTOOL, "test", "rules", copy / "tests" / "limits.yml")
    assert (code, "RedisMemoryHigh" in said, "SocketsNearLimit" in said) == (1, True, False), said


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    names = {rule["alert"] for rule in rules("alerts")}
    fires = {case["alertname"] for case in cases() if case.get("exp_alerts")}
    quiet = {case["alertname"] for case in cases() if not case.get("exp_alerts")}
    assert fires == names == quiet


def test_each_alert_says_how_grave_it_is_and_has_its_page_and_each_page_its_alert() -> None:
    named: dict[str, set[str]] = {}
    for rule in rules("alerts"):
        assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"}), rule
        notes = rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook_url"}, rule
        assert not re.search(r"tenant|workspace_id", rule["expr"])
        named.setdefault(notes["runbook_url"], set()).add(rule["alert"])
    pages = {f"docs/runbooks/{path.name}" for path in RUNBOOKS.glob("*.md")}
    assert pages == set(named)
    headings = ["What it means", "What users see", "Look", "Mend", "Mended when"]
    for place, alerts in named.items():
        text = (ROOT / place).read_text(encoding="utf-8")
        told = re.match(r"# .+\n\n((?:`\w+`(?:, )?)+)\n", text)
        assert told is not None, place
        assert set(re.findall(r"`(\w+)`", told[1])) == alerts, place
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == headings, place
    row = r"^\| `(\w+)` \| (critical|warning) \| .*\((runbooks/\S+)\)"
    rows = re.findall(row, page("operations"), re.MULTILINE)
    assert sorted(rows) == sorted(
        (rule["alert"], rule["labels"]["severity"], rule["annotations"]["runbook_url"][5:])
        for rule in rules("alerts")
    )


def test_what_the_pages_tell_to_look_at_is_there() -> None:
    settings = first_column(page("configuration"))
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    # The last is the database's own name.
    names = existing() | {"chatbot_saas"}
    for path in RUNBOOKS.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", text)) <= settings, path.name
        assert set(re.findall(r"\b(?:chatbot|process)[_:][\w:]+", text)) <= names, path.name
        for command in re.findall(r"manage\.py (\w+)", text):
            assert f"`manage.py {command}" in page("operations"), path.name
        for called in re.findall(r"compose\.yaml exec (\S+)", text):
            assert called in compose["services"], path.name
        for link, anchor in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", text):
            target = (path.parent / link).read_text(encoding="utf-8")
            assert not anchor or f"\n## {anchor.replace('-', ' ').capitalize()}\n" in target, link


def test_rules_ask_for_what_there_is() -> None:
    assert metrics_in('sum by (le) (rate(a_b{c_d="e"}[5m])) / c:d:e > 3') == {"a_b", "c:d:e"}
    for rule in [*rules("recording"), *rules("alerts")]:
        asked = metrics_in(rule["expr"])
        assert asked
        assert asked <= existing(), rule
    used = {name for rule in rules("alerts") for name in metrics_in(rule["expr"])}
    assert recorded() & used


def test_the_bound_of_the_objective_is_one_of_the_histogram() -> None:
    text = (FOLDER / "rules" / "recording.yml").read_text(encoding="utf-8")
    (bound,) = set(re.findall(r'le="([^"]+)"', text))
    assert float(bound) in metrics.TIME_TO_FIRST_TOKEN._upper_bounds
    assert f"within {float(bound):g} seconds" in (
        ROOT / "deploy" / "prometheus" / "rules" / "alerts.yml"
    ).read_text(encoding="utf-8")


@needs_amtool
def test_the_grave_ones_wake_somebody_and_the_others_wait_for_the_day() -> None:
    path = ROOT / "deploy" / "alertmanager.yml"
    code, said = run(AMTOOL, "check-config", path)
    assert code == 0, said
    for severity, receiver in (("critical", "on-call"), ("warning", "team")):
        asked = ("config", "routes", "test", f"--config.file={path}")
        code, said = run(AMTOOL, *asked, f"severity={severity}")
        assert (code, said.split()[0]) == (0, receiver), said
    named = set(re.findall(r"\b[A-Z][a-z]+[A-Z]\w+", path.read_text(encoding="utf-8")))
    assert named - {"CommonAnnotations"} <= {rule["alert"] for rule in rules("alerts")}


def test_the_processes_of_the_installation_are_asked() -> None:
    asked = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    targets = {
        target
        for job in asked["scrape_configs"]
        for config in job["static_configs"]
        for target in config["targets"]
    }
    port = compose["services"]["worker"]["environment"]["WORKER_METRICS_PORT"]
    webs = {f"{name}:8000" for name in compose["services"] if name.startswith("web")}
    assert targets == {*webs, f"worker:{port}"}
    assert all(job["authorization"]["type"] == "Bearer" for job in asked["scrape_configs"])
