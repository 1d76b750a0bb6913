"""`make house`: what a stranger has to learn of this code base, in figures, each with its bound."""

import ast
import io
import statistics
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants", "core")
# The turn's task, the ticket runner, the parser's child.
BOUNDARIES = {
    ("conversations/turns/run.py", "run_turn"),
    ("tenants/work/tickets.py", "run_next"),
    ("tenants/outbox/running.py", "_run"),
    ("knowledge/parsing/child.py", "_answer"),
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Figure:
    """One measured property. `low` and `high` are what it may be, both included."""

    name: str
    value: float
    high: float
    low: float = 0
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        bound = f"{self.low:g}–{self.high:g}" if self.low else f"≤ {self.high:g}"
        if self.high == float("inf"):
            bound = f"≥ {self.low:g}"
        mark = "ok  " if self.holds else "OVER"
        return f"{mark} {self.name:<44} {self.value:>8g}  {bound:<8} {self.detail}"


@dataclass(frozen=True)
class Source:
    """A Python file of the repository, parsed once."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def comments(self) -> list[str]:
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]

    @cached_property
    def code_lines(self) -> int:
        """Lines with something on them that is neither a comment nor a docstring."""
        quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in quiet and token.type != tokenize.ENDMARKER:
                lines.update(range(token.start[0], token.end[0] + 1))
        return len(lines - self._docstring_lines)

    @property
    def _docstring_lines(self) -> set[int]:
        lines: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Module | ast.ClassDef | Function) and ast.get_docstring(node):
                first = node.body[0]
                lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
        return lines


def read_sources(*packages: str) -> list[Source]:
    """The Python files of these folders, migrations left out."""
    paths = sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))
    return [Source(path) for path in paths if "migrations" not in path.parts]


def measure() -> list[Figure]:
    """Every figure, in the order in which they are printed."""
    sources = read_sources(*PRODUCT)
    return [
        *measure_folders(sources),
        *measure_imports(),
        *measure_sizes(sources),
        *measure_functions(sources),
        *measure_exceptions(sources),
        *measure_texts(sources, read_sources("tests")),
    ]


def measure_folders(sources: list[Source]) -> Iterator[Figure]:
    folders = Counter(each.path.parent for each in sources if each.path.name != "__init__.py")
    fullest, modules = folders.most_common(1)[0]
    yield Figure("modules in the fullest folder", modules, 25, detail=_shown(fullest))


def measure_imports() -> Iterator[Figure]:
    """Imports inside functions count like any other: who reads one file has to open the next."""
    graph = grimp.build_graph(*PRODUCT, exclude_type_checking_imports=True, cache_dir=None)
    edges = {name: sorted(graph.find_modules_directly_imported_by(name)) for name in graph.modules}
    groups = _strongly_connected(edges)
    cycles = [sorted(group) for group in groups if len(group) > 1]
    yield Figure("import cycles", len(cycles), 0, detail="; ".join(map(" ↔ ".join, cycles)))
    chain = [] if cycles else _longest_chain(edges, [next(iter(group)) for group in groups])
    yield Figure("longest chain of imports", len(chain), 12, detail=" → ".join(chain))


def _strongly_connected(edges: dict[str, list[str]]) -> list[set[str]]:
    """Tarjan's algorithm; a group comes after the groups that it imports."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[set[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in edges[name]:
            if other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            at = stack.index(name)
            groups.append(set(stack[at:]))
            del stack[at:]

    for name in edges:
        if name not in index:
            visit(name)
    return groups


def _longest_chain(edges: dict[str, list[str]], order: list[str]) -> list[str]:
    """`order` has every module behind those that it imports."""
    best: dict[str, list[str]] = {}
    for name in order:
        below = max((best[other] for other in edges[name]), key=len, default=[])
        best[name] = [name, *below]
    return max(best.values(), key=len)


def measure_sizes(sources: list[Source]) -> Iterator[Figure]:
    sizes = {each.name: len(each.text.splitlines()) for each in sources}
    yield Figure("lines of the median file", statistics.median(filter(None, sizes.values())), 80)
    for path in sorted([*(ROOT / "static").rglob("*.js"), *(ROOT / "bench").rglob("*.py")]):
        sizes[_shown(path)] = len(path.read_text(encoding="utf-8").splitlines())
    longest = max(sizes, key=lambda name: sizes[name])
    yield Figure("lines of the longest file, scripts included", sizes[longest], 400, detail=longest)


def measure_functions(sources: list[Source]) -> Iterator[Figure]:
    functions = [(each.name, function) for each in sources for function in each.functions]
    lengths = {
        f"{name}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name, function in functions
    }
    yield Figure("lines of the median function", statistics.median(lengths.values()), 10)
    longest = max(lengths, key=lambda name: lengths[name])
    yield Figure("lines of the longest function", lengths[longest], 60, detail=longest)
    silent = [f"{name}: {function.name}" for name, function in functions if not function.returns]
    yield Figure("functions without a return type", len(silent), 0, detail=", ".join(silent))


def measure_exceptions(sources: list[Source]) -> Iterator[Figure]:
    waived = [
        each.name
        for each in sources
        for comment in each.comments
        if "type: ignore" in comment or "noqa" in comment
    ]
    most = ", ".join(f"{name} {n}" for name, n in Counter(waived).most_common(3))
    yield Figure("waived checks (type: ignore, noqa)", len(waived), 20, detail=most)
    broad = {
        (each.name, function.name)
        for each in sources
        for function in each.functions
        for node in ast.walk(function)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    stray = [f"{name}: {function}" for name, function in sorted(broad - BOUNDARIES)]
    yield Figure("broad excepts beyond the boundaries", len(stray), 0, detail=", ".join(stray))


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """`except:`, `except Exception`, `except (…, BaseException)`, however it is spelled, unless it
    ends by raising what it caught: that is a clean-up, and no place where a fault is lost."""
    caught = "BaseException" if handler.type is None else ast.unparse(handler.type)
    names = {part.strip(" ()").rpartition(".")[2] for part in caught.split(",")}
    last = handler.body[-1]
    passes_on = isinstance(last, ast.Raise) and last.exc is None
    return bool(names & {"Exception", "BaseException"}) and not passes_on


def measure_texts(sources: list[Source], tests: list[Source]) -> Iterator[Figure]:
    code = sum(each.code_lines for each in sources)
    comments = sum(len(each.comments) for each in sources)
    yield Figure("comments per 100 lines of code", round(100 * comments / code, 1), 7, low=4)
    ratio = sum(each.code_lines for each in tests) / code
    yield Figure("lines of tests per line of code", round(ratio, 2), float("inf"), low=1)
    idle = [
        f"{each.name}: {function.name}"
        for each in tests
        for function in each.functions
        if function.name.startswith("test_") and not asserts(function)
    ]
    yield Figure(
        "tests without an assertion of their own", len(idle), 0, detail=", ".join(idle[:3])
    )


def asserts(test: Function) -> bool:
    """Whether it has an `assert`, expects an exception, or calls a helper whose name says that it
    checks something."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in {"raises", "fail"} or called.startswith(CHECKS):
                return True
    return False


CHECKS = ("assert_", "check_", "expect", "eventually", "must_")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def main() -> int:
    figures = measure()
    print(*figures, sep="\n")
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
