"""deploy/: what it sets exists, what it runs is pinned, and secrets go where they belong."""

import re
from typing import Any

import pytest
import yaml

from tests.docs.test_pages import first_column, page
from tests.live import ROOT

DEPLOY = ROOT / "deploy"
# The variables of the images of PostgreSQL and Redis, and Celery's own.
FOREIGN = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "REDISCLI_AUTH", "CELERY_SKIP_CHECKS"}
OURS = ("web1", "web2", "worker", "beat", "migrate", "backup")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.safe_load(text)["services"]
    return parsed


def test_every_part_is_there_and_the_web_twice(services: dict[str, Any]) -> None:
    assert set(services) == {*OURS, "nginx", "db", "redis"}
    fixed = {"networks", "<<"}
    assert {name: services["web1"][name] for name in services["web1"] if name not in fixed} == {
        name: services["web2"][name] for name in services["web2"] if name not in fixed
    }


def test_every_variable_that_it_sets_is_one_that_is_described(services: dict[str, Any]) -> None:
    described = first_column(page("configuration")) | {"APP_PASSWORD", "MIGRATOR_PASSWORD"}
    set_here = {name for service in services.values() for name in service.get("environment", {})}
    assert set_here - FOREIGN <= described
    assert len(set_here) > 15


def test_every_image_has_an_exact_version(services: dict[str, Any]) -> None:
    foreign = {name: service["image"] for name, service in services.items() if name not in OURS}
    assert all(re.search(r":\d+\.\d+\.\d+-\w+$", image) for image in foreign.values()), foreign
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert re.search(r"^ARG BASE=python:3\.12\.\d+-slim-\w+$", dockerfile, re.MULTILINE)


def test_the_example_names_every_secret_that_is_asked_for_and_holds_none() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]", line))
    assert set(given) == asked
    assert [name for name in given if re.search(r"PASSWORD|SECRET|TOKEN|KEY", name)] == [
        name for name, value in given.items() if not value and re.search(r"PASS|SECR|TOK|KEY", name)
    ]
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert "deploy/.env" in (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert needed >= {"SECRET_KEY", "APP_PASSWORD", "MIGRATOR_PASSWORD", "REDIS_PASSWORD"}


def test_only_what_ends_by_itself_has_the_login_that_owns_the_tables(
    services: dict[str, Any],
) -> None:
    having = {
        name
        for name, service in services.items()
        if "MIGRATION_DATABASE_URL" in service.get("environment", {})
    }
    assert having == {"migrate", "backup"}
    # Nothing starts a backup but a person or a clock.
    assert services["backup"]["profiles"] == ["backup"]
    assert {services[name]["restart"] for name in having} == {"no"}
    for name in OURS:
        assert "POSTGRES_PASSWORD" not in str(services[name]), name


def test_nothing_but_nginx_is_reachable_from_outside_and_nothing_is_root(
    services: dict[str, Any],
) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"nginx"}
    for name in (*OURS, "nginx", "redis"):
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["read_only"] is True, name
    assert services["nginx"]["user"] != "0"
    assert "USER 10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_addresses_of_nginx_and_the_webs_are_the_ones_that_each_other_knows(
    services: dict[str, Any],
) -> None:
    def address(name: str) -> str:
        found: str = services[name]["networks"]["default"]["ipv4_address"]
        return found

    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    upstreams = set(re.findall(r"server ([\d.]+):8000", nginx))
    assert upstreams == {address("web1"), address("web2")}
    assert services["web1"]["environment"]["TRUSTED_PROXIES"] == address("nginx")


def test_a_web_process_is_given_the_time_to_drain(services: dict[str, Any]) -> None:
    drain = float(services["web1"]["environment"]["TURN_DRAIN_SECONDS"])
    grace = float(services["web1"]["stop_grace_period"].removesuffix("s"))
    # Requests, then turns, then what saves them.
    assert drain >= 30
    assert grace >= 2 * drain + 5


def test_the_worker_does_as_much_at_once_as_it_says(services: dict[str, Any]) -> None:
    worker = services["worker"]
    given = worker["command"][worker["command"].index("--concurrency") + 1]
    # And a thread for mail beside it.
    assert int(given) == int(worker["environment"]["WORKER_CONCURRENCY"]) + 1


def test_everything_the_product_is_made_of_is_copied_into_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for part in ("core", "tenants", "billing", "knowledge", "conversations", "chatbot_saas"):
        assert f"COPY {part}/ {part}/" in dockerfile
    for part in ("templates", "static", "docs"):
        assert f"COPY {part}/ {part}/" in dockerfile


def test_one_address_has_bounds_and_only_files_are_large() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for bound in ("limit_conn connections ", "limit_req zone=requests ", "client_header_timeout "):
        assert bound in nginx
    sizes = re.findall(r"client_max_body_size (\d+)m;", nginx)
    assert sizes == ["3", "26"]
    # A large body is for the two paths that take a file.
    (files,) = re.findall(r"location ~ \^/\(([^)]+)\)\$ \{\s+proxy_pass \S+;\s+client_max", nginx)
    assert files.split("|") == ["v1/documents", "knowledge/upload"]


def test_an_answer_that_is_not_streamed_is_waited_for() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    waits = [int(found) for found in re.findall(r"proxy_read_timeout (\d+)s", nginx)]
    assert max(waits) > 300
    assert min(waits) < 120


def test_every_part_has_bounds_and_more_memory_than_its_temporary_files(
    services: dict[str, Any],
) -> None:
    for name, service in services.items():
        memory = default(service["mem_limit"])
        assert float(default(service["cpus"])) > 0, name
        for mount in service.get("tmpfs", []):
            assert size(memory) > size(mount.rpartition("size=")[2]), name


def default(value: Any) -> str:
    """What a variable of the Compose file is when nobody sets it."""
    found = re.fullmatch(r"\$\{\w+:-(.*)\}", str(value))
    return found[1] if found else str(value)


def size(text: str) -> float:
    """Mebibytes."""
    return float(text[:-1]) * {"m": 1, "g": 1024}[text[-1]]


def test_the_operators_settings_reach_every_process(services: dict[str, Any]) -> None:
    described = first_column(page("configuration"))
    operators = {name for name in described if name.startswith("OPERATOR_")}
    assert len(operators) == 4
    for name in OURS:
        wanted = operators | {"IMPRINT_URL", "PRIVACY_URL"}
        assert wanted <= set(services[name]["environment"]), name
        # A logo is read by each process when it starts.
        assert "./brand:/brand:ro" in services[name]["volumes"], name


def test_what_is_kept_in_memory_has_a_size(services: dict[str, Any]) -> None:
    for name in (*OURS, "nginx"):
        assert all("size=" in mount for mount in services[name]["tmpfs"]), name
