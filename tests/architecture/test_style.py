"""What the code promises of itself, read from its source."""

import ast
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live import ROOT

PRODUCT = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants", "core")
LARGEST, MEDIAN_FILE, MEDIAN_FUNCTION = 400, 80, 10
# The turn's task, the ticket runner, the parser's child.
BOUNDARIES = {
    "tenants/outbox/running.py": "_run",
    "conversations/turns/run.py": "run_turn",
    "tenants/work/tickets.py": "run_next",
    "knowledge/parsing/child.py": "_answer",
}
SETS_A_SCOPE = re.compile(
    r"\b(set_tenant|set_schema|schema_context|SET\s+(SESSION\s+|LOCAL\s+)?ROLE|search_path)\b",
    re.IGNORECASE,
)
PLAIN = {"UUID", "str", "int", "float", "bool", "bytes", "Decimal", "datetime", "date", "Any"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A file of the product, parsed."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def functions(self) -> Iterator[Function]:
        return (
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )


def sources(*packages: str) -> list[Source]:
    paths = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert paths
    return [Source(path) for path in sorted(paths) if "migrations" not in path.parts]


def test_files_are_short() -> None:
    everything = sources(*PRODUCT, "bench")
    sizes = {source.name: len(source.text.splitlines()) for source in everything}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    product = [len(source.text.splitlines()) for source in sources(*PRODUCT)]
    assert statistics.median(size for size in product if size) <= MEDIAN_FILE


def test_functions_are_short_and_say_what_they_give() -> None:
    functions = [(source, each) for source in sources(*PRODUCT) for each in source.functions]
    lengths = [(each.end_lineno or 0) - each.lineno + 1 for _, each in functions]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    silent = [f"{source.name}: {each.name}" for source, each in functions if each.returns is None]
    assert silent == []


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    """`except:`, `except Exception`, `except (…, BaseException)`, however it is spelled, unless it
    ends by raising what it caught: that is a clean-up, and no place where a fault is lost."""
    caught = "BaseException" if handler.type is None else ast.unparse(handler.type)
    last = handler.body[-1]
    passes_on = isinstance(last, ast.Raise) and last.exc is None
    return bool(re.search(r"\b(Base)?Exception\b", caught)) and not passes_on


@pytest.mark.parametrize(
    ("source", "swallowed"),
    [
        ("except: pass", True),
        ("except Exception: pass", True),
        ("except (ValueError, builtins.BaseException) as e: print(e)", True),
        ("except ValueError: pass", False),
        ("except BaseException:\n    undo()\n    raise", False),
    ],
)
def test_the_check_sees_every_spelling(source: str, swallowed: bool) -> None:
    (statement,) = ast.parse(f"try: work()\n{source}").body
    assert isinstance(statement, ast.Try)
    assert swallows_everything(statement.handlers[0]) is swallowed


def test_everything_is_caught_at_four_boundaries_alone() -> None:
    found = []
    for source in sources(*PRODUCT):
        for function in source.functions:
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler) and swallows_everything(node):
                    found.append((source.name, function.name))
    assert sorted(found) == sorted(BOUNDARIES.items())
    for source in sources(*PRODUCT):
        assert not re.search(r"suppress\((Base)?Exception", source.text), source.name


def test_a_scope_is_set_in_tenants_alone() -> None:
    for source in sources(*(package for package in PRODUCT if package != "tenants")):
        assert not SETS_A_SCOPE.search(source.text), source.name


def test_nothing_is_left_to_do() -> None:
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pragma: no cover")
    here = Path(__file__).name
    stray = [
        source.name
        for source in sources(*PRODUCT, "bench", "tests")
        if left.search(source.text) and source.path.name != here
    ]
    # NotImplementedError is what zipfile raises for a method of packing that it does not know.
    assert stray == ["knowledge/parsing/archive.py"]


def interpolates(node: ast.expr) -> bool:
    """Whether a value is put into this text: f-string, %, format, or + with something unknown."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        both = (node.left, node.right)
        known = all(isinstance(side, ast.Constant | ast.Name | ast.BinOp) for side in both)
        return isinstance(node.op, ast.Mod) or not known or any(map(interpolates, both))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")
    return False


@pytest.mark.parametrize(
    ("statement", "interpolated"),
    [
        ('f"SELECT {name}"', True),
        ('"SELECT %s" % name', True),
        ('"SELECT {}".format(name)', True),
        ('"SELECT " + f(name)', True),
        ('"SELECT %s"', False),
        ("_QUERY", False),
        ('_QUERY + " LIMIT 1"', False),
    ],
)
def test_the_check_sees_every_interpolation(statement: str, interpolated: bool) -> None:
    assert interpolates(ast.parse(statement, mode="eval").body) is interpolated


def runs_interpolated_sql(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    runs = node.func.attr in ("execute", "executemany", "raw", "extra")
    return runs and interpolates(node.args[0])


def test_no_statement_is_put_together_from_values() -> None:
    """Outside of tenants/ and knowledge/index/, whose names are their own and are tested there."""
    stray = [
        f"{source.name}: {ast.unparse(node)}"
        for source in sources(*PRODUCT)
        if not source.name.startswith(("tenants/", "knowledge/index/"))
        for node in ast.walk(source.tree)
        if runs_interpolated_sql(node)
    ]
    assert stray == []


def services() -> Iterator[tuple[str, Function]]:
    """Public functions of the modules that write."""
    for source in sources(*PRODUCT):
        if source.path.stem not in ("services", "quotas", "provisioning", "onboarding"):
            continue
        for node in source.tree.body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                yield source.name, node


def test_services_name_what_they_take() -> None:
    """One thing may be given by place, or values whose types tell them apart; the rest by name."""
    unnamed = []
    for name, function in services():
        kinds = [ast.unparse(given.annotation) for given in function.args.args if given.annotation]
        own_types = len(set(kinds)) == len(kinds) and not set(kinds) & PLAIN
        if function.args.vararg or (len(kinds) > 1 and not own_types):
            unnamed.append(f"{name}: {function.name}")
    assert unnamed == []


@pytest.mark.parametrize("package", PRODUCT)
def test_tests_replace_nothing_of_ours(package: str) -> None:
    """Broken builds are modules of their own in real processes; no test patches the product."""
    patched = re.compile(rf"(mock\.patch|monkeypatch\.setattr|mocker\.patch)\([^)]*{package}\b")
    stray = [source.name for source in sources("tests") if patched.search(source.text)]
    assert stray == []
