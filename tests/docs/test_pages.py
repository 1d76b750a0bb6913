"""The pages say what the code does: every setting, route, frame, code and metric, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import prometheus_client
import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from billing.catalog.models import Plan, Price
from chatbot_saas.realtime import close_codes, frames
from conversations.turns import events, failures
from core import analytics, errors, metrics
from tenants.backend.sessions import SHARED, UNDECLARED
from tenants.context import platform_context
from tenants.keys.api_keys import SCOPES
from tests.live import ROOT

PACKAGES = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants", "core")
# Read by the code, and set by it or by the operating system, never by an operator.
NOT_SETTINGS = {"PATH"}


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert found is not None, heading
    return found[1]


def first_column(text: str) -> set[str]:
    """The words in code signs in the first column of a page's tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def product_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")
    yield ROOT / "manage.py"


def product_calls() -> Iterator[ast.Call]:
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield node


def strings(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def settings_read() -> set[str]:
    """Names given to the readers of `env`, and to `os.environ`."""
    names = set()
    for call in product_calls():
        target = ast.unparse(call.func)
        if call.args and re.match(r"(env\.\w+|os\.environ\.(get|setdefault))$", target):
            names |= {name for name in strings(call.args[0]) if re.fullmatch(r"[A-Z][A-Z_]+", name)}
    for path in product_files():
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r'"([A-Z_]+)" not in os\.environ', text))
        # The servers' names in chatbot_saas/mode.py are read from a table.
        names |= set(re.findall(r'"(?:postgres|redis)": "([A-Z_]+)"', text))
    return names - NOT_SETTINGS


def test_every_product_event_is_described_and_no_other() -> None:
    described = section(page("operations"), "Product analytics")
    events = re.findall(r"^\| `(\w+)` \|", described, re.MULTILINE)
    assert sorted(events) == sorted(get_args(analytics.Event))


def test_every_setting_is_described_and_no_other() -> None:
    read = settings_read()
    assert len(read) > 35
    # Set by the code for a library of its own.
    assert first_column(page("configuration")) == read - {"TOKENIZERS_PARALLELISM"}


def test_the_defaults_of_numbers_are_the_ones_in_the_code() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (?:number|seconds) \| ([\d.]+)", page("configuration"), re.MULTILINE
    )
    described = {name: float(value) for name, value in rows}
    in_code = {}
    for call in product_calls():
        if ast.unparse(call.func) in ("env.integer", "env.seconds"):
            name, default = call.args[0], call.args[1]
            if isinstance(name, ast.Constant) and isinstance(default, ast.Constant):
                in_code[name.value] = float(default.value)  # type: ignore[arg-type]
    assert described == in_code


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            yield "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path)


def every_route() -> set[str]:
    """Of tenants' hosts and of the platform's, without the operator's admin, which is Django's."""
    urlconfs = (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF)
    found = {route for name in urlconfs for route in routes(get_resolver(name).url_patterns)}
    return {route for route in found if not re.match(r"/admin(/|$)", route)}


def test_every_route_is_described_and_no_other() -> None:
    every = every_route()
    # What answers 404 to every other path of the API.
    every.remove("/v1/{rest}")
    api = {route for route in every if route.startswith("/v1/")}
    table = section(page("api"), "All paths")
    assert {found.split()[1] for found in first_column(table)} == api
    watched = {"/healthz", "/readyz", "/metrics"}
    assert all(route in page("operations") for route in watched)
    shown = {"/c/{chatbot_id}", "/demo/shop", "/demo/shop.css", "/widget/{name}", "/docs/api"}
    shown |= {"/widget/avatars/{key}/{name}", "/sse/chat/", "/brand/{name}"}
    assert "`/brand/{name}`" in page("configuration")
    assert "/sse/chat/" in page("socket")
    assert all(route in page("widget") for route in shown if route.startswith("/widget/avatars/"))
    assert "`/docs/api`" in page("api")
    dashboard = first_column(section(page("dashboard"), "All pages"))
    assert every - api == watched | shown | dashboard
    assert all(f"`{route}`" in page("widget") for route in ("/c/{chatbot_id}", "/demo/shop"))


def tags(union: object) -> dict[str, set[str]]:
    """Members by type, of a union of tagged structs."""
    kinds = union.__args__  # type: ignore[attr-defined]
    return {
        kind.__struct_config__.tag: {field.encode_name for field in msgspec.structs.fields(kind)}
        for kind in kinds
    }


@pytest.mark.parametrize(
    ("heading", "union", "common"),
    [
        ("Frames from the client", frames.ClientFrame, set()),
        ("Events of a turn", events.TurnEvent, {"turn_id", "event_id"}),
    ],
)
def test_every_frame_and_its_members_are_described(
    heading: str, union: object, common: set[str]
) -> None:
    rows = re.findall(
        r"^\| `([\w.]+)` \| ([^|]*)\|", section(page("socket"), heading), re.MULTILINE
    )
    described = {kind: re.sub(r"\([^)]*\)", "", members) for kind, members in rows}
    assert set(described) == set(tags(union))
    for kind, members in tags(union).items():
        assert set(re.findall(r"`(\w+)`", described[kind])) == members - common, kind


def test_every_frame_that_the_server_writes_is_described() -> None:
    written = set()
    for call in product_calls():
        if ast.unparse(call.func).endswith("write_frame") and call.args:
            written |= set(strings(call.args[0]))
    assert written == first_column(section(page("socket"), "Frames from the server"))


def test_every_close_code_is_described() -> None:
    own = {code for name, code in vars(close_codes).items() if name.isupper()}
    rows = re.findall(r"^\| (\d{4}) \|", section(page("socket"), "Close codes"), re.MULTILINE)
    assert {int(code) for code in rows} == own


def error_codes() -> set[str]:
    """Codes of the error classes, and those that code gives in their place."""
    kinds = set(errors.AppError.__subclasses__())
    while more := {sub for kind in kinds for sub in kind.__subclasses__()} - kinds:
        kinds |= more
    codes = {kind.code for kind in kinds}
    for call in product_calls():
        for keyword in call.keywords:
            if keyword.arg == "detail_code":
                codes |= set(strings(keyword.value))
    text = (ROOT / "billing" / "quotas.py").read_text(encoding="utf-8")
    # That of all quotas is never told: each has a code of its own.
    codes.remove(errors.QuotaExceeded.code)
    return codes | set(re.findall(r'code = "(\w+)"', text))


def test_every_error_code_is_described_and_no_other() -> None:
    described = set(re.findall(r"^\| \d{3} \| `(\w+)` \|", page("api"), re.MULTILINE))
    assert described == error_codes()


def test_every_way_a_turn_can_fail_is_described() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", section(page("api"), "Errors"), re.MULTILINE))
    assert rows == set(failures._MESSAGES) - error_codes()
    below = section(page("socket"), "Error codes")
    assert set(failures._MESSAGES) <= set(re.findall(r"`(\w+)`", below))


def test_the_codes_of_frames_are_described() -> None:
    own = set()
    for call in product_calls():
        if ast.unparse(call.func).endswith("error_frame") and call.args:
            own |= set(strings(call.args[0]))
    described = first_column(section(page("socket"), "Error codes"))
    assert own <= described
    assert described - own <= error_codes()


def test_every_metric_with_its_labels_is_described_and_no_other() -> None:
    rows = re.findall(
        r"^\| `(chatbot_\w+)` \| (\w+) \| ([^|]*)\|", page("operations"), re.MULTILINE
    )
    assert {(name, kind) for name, kind, _ in rows} == {
        (exposed(metric), metric._type) for metric in own_metrics()
    }
    for metric in own_metrics():
        row = next(row for row in rows if row[0] == exposed(metric))
        assert all(f"`{label}`" in row[2] for label in metric._labelnames), row


def own_metrics() -> list[prometheus_client.metrics.MetricWrapperBase]:
    kind = prometheus_client.metrics.MetricWrapperBase
    return [value for value in vars(metrics).values() if isinstance(value, kind)]


def exposed(metric: prometheus_client.metrics.MetricWrapperBase) -> str:
    return f"{metric._name}_total" if metric._type == "counter" else metric._name


def test_every_fault_of_readyz_is_described() -> None:
    text = (ROOT / "chatbot_saas" / "readiness.py").read_text(encoding="utf-8")
    faults = set(re.findall(r'(?:faults\.append\(|return \[|lambda: |or )"([A-Z][^"]+\.)"', text))
    for path in (ROOT / "knowledge" / "files").glob("*.py"):
        text += path.read_text(encoding="utf-8")
    faults |= set(re.findall(r'"(Documents cannot be written[^"]+\.)"', text))
    assert len(faults) == 14
    assert {*faults, SHARED, UNDECLARED} <= set(
        re.findall(r"^\| ([^|]+) \|", page("operations"), re.MULTILINE)
    )


def test_scopes_plans_and_prices_are_the_ones_that_exist() -> None:
    assert {word for word in first_column(section(page("api"), "API keys")) if "_" not in word} == (
        set(SCOPES)
    )
    rows = re.findall(
        r"^\| `(free|team|demo)` \| ([\d,]+) \| (\d+) \| (\d+) \| (\d+) \| ([\d,]+) \|",
        page("metering"),
        re.MULTILINE,
    )
    with platform_context():
        plans = [
            (plan.code, plan.messages_per_month, int(plan.cost_per_month), plan.turns_per_minute,
             plan.visitor_turns_per_minute, plan.documents)
            for plan in Plan.objects.filter(code__in=["free", "team", "demo"])
        ]  # fmt: skip
        priced = set(Price.objects.filter(valid_from__year=2025).values_list("model", flat=True))
    described = [(code, *(int(cell.replace(",", "")) for cell in cells)) for code, *cells in rows]
    assert sorted(described) == sorted(plans)
    assert first_column(section(page("metering"), "Prices")) == priced


def test_every_command_is_described() -> None:
    own = {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")}
    described = set(re.findall(r"^\| `manage\.py (\w+)", page("operations"), re.MULTILINE))
    assert described == own - {"migrate", "makemigrations"}
