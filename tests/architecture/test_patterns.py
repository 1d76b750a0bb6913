"""Every regular expression of the product takes time in proportion to its text, whatever that is.

Foreign text reaches most of them (files, questions, answers, headers, logs), and one pattern that
backtracks over a run of blanks stops a whole process. So all are timed, and nobody has to say which.
"""

import ast
import gc
import importlib
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bench.house import PRODUCT, Source, read_sources

AnyPattern = re.Pattern[str] | re.Pattern[bytes]

LENGTH = 2_000
# CPU seconds that half of it takes without a question of growth, and what no text may take at all.
UNSUSPICIOUS, ENDED = 0.001, 0.5
# How many times longer a text four times as long may take: between 4 (in proportion) and 16 (its
# square) with room on both sides, for a machine's speed changes from one measurement to the next.
GROWTH = 8.0
TRIES = 5
RUNS = [
    *(" ", "\t", "\n", "\r", "\r\n", "\n ", " \n", "\u00a0", "a", "A", "1", "é", "字", "0a"),
    *("[", "]", "(", ")", "<", ">", "<!--", "-->", "</", "![", "[](", "[](a ", "[1", "[1,", "1,"),
    *(
        "A. ",
        "a.",
        ".",
        ". ",
        " .",
        "=",
        "= ",
        " =",
        "= a ",
        "#",
        "# ",
        "-",
        "- ",
        "|",
        "| a ",
        "> ",
    ),
    *("*", "_", "`", "~", ":", ",", '"', "'", "”", '."', "e.g. ", "_a", "*a ", "\\", "/", "?a=b&"),
]
BEGINNINGS = [
    *(
        "",
        "a",
        ".",
        "= ",
        "= a",
        "==",
        "# a",
        "# a #",
        "[1",
        "[a](",
        "[](a ",
        '[](a "',
        "1",
        "|",
        ">",
    ),
    *("<meta ", "<?xml", "<!--", "\n", "\r", "LINE 1:", "DETAIL:", "http://a", "a.", "-", "```"),
]
ENDINGS = ["", "x", "\n!"]
# These read our own files or texts alone.
OURS = {
    "chatbot_saas/api/openapi.py",
    "chatbot_saas/widget/bundle.py",
}
# These put patterns together from texts of ours, which a module keeps: timed as they are kept.
COMPOSED = {
    "chatbot_saas/web/markdown/blocks.py",
    "chatbot_saas/web/markdown/inline.py",
    "chatbot_saas/web/markdown/links.py",
    "chatbot_saas/web/markdown/tables.py",
    "conversations/text/concepts.py",
    "conversations/text/message.py",
    "conversations/text/small_talk.py",
    "core/areas.py",
    "knowledge/chunking.py",
}
_FUNCTIONS = {"sub", "subn", "match", "search", "findall", "fullmatch", "finditer", "split"}


def module_patterns(source: Source) -> Iterator[AnyPattern]:
    """The patterns that the module keeps, also those inside its tables."""
    yield from _inside(vars(importlib.import_module(module_name(source))).values())


def module_name(source: Source) -> str:
    return source.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _inside(values: Any) -> Iterator[AnyPattern]:
    for value in values:
        if isinstance(value, re.Pattern):
            yield value
        elif isinstance(value, dict):
            yield from _inside(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            yield from _inside(value)


def written_patterns(source: Source) -> Iterator[tuple[int, str, AnyPattern | None]]:
    """(line, what is called, pattern) of each use of `re`; None where it is not written out."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) != "re" or node.func.attr not in _FUNCTIONS | {"compile"}:
            continue
        flags = [ast.unparse(k.value) for k in node.keywords if k.arg == "flags"]
        if node.func.attr == "compile":
            flags += [ast.unparse(argument) for argument in node.args[1:]]
        text = _text(source, node.args[0])
        pattern = None if text is None else re.compile(text, _flags(flags))
        yield node.lineno, node.func.attr, pattern


def _text(source: Source, written: ast.expr) -> Any:
    """A pattern's text, written out or kept under a name; None where it is put together."""
    if isinstance(written, ast.Name):
        kept = getattr(importlib.import_module(module_name(source)), written.id, None)
        return kept if isinstance(kept, str | bytes) else None
    return written.value if isinstance(written, ast.Constant) else None


def _flags(written: list[str]) -> int:
    names = re.findall(r"re\.(\w+)", " ".join(written))
    return sum({int(getattr(re, name)) for name in names})


SOURCES = [each for each in read_sources(*PRODUCT) if "re." in each.text and each.name not in OURS]


def every_pattern() -> dict[tuple[str | bytes, int], tuple[str, AnyPattern]]:
    found: dict[tuple[str | bytes, int], tuple[str, AnyPattern]] = {}
    for source in SOURCES:
        kept = list(module_patterns(source)) if "re.compile(" in source.text else []
        written = [pattern for *_, pattern in written_patterns(source) if pattern is not None]
        for pattern in [*kept, *written]:
            found.setdefault((pattern.pattern, pattern.flags), (source.name, pattern))
    return found


class Endless(Exception):
    pass


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """The engine looks for signals while it works, so a pattern can be called back."""

    def end(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cpu_seconds(pattern: AnyPattern, text: str) -> float:
    subject: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
    began = time.thread_time()
    try:
        with ended_after(ENDED):
            for _ in pattern.finditer(subject):
                pass
            pattern.fullmatch(subject)
    except Endless:
        return float("inf")
    return time.thread_time() - began


def shapes() -> Iterator[tuple[str, str, str]]:
    for run in RUNS:
        yield from (("", run, ending) for ending in ENDINGS)
        yield from ((beginning, run, "x\n!") for beginning in BEGINNINGS)


def slow_texts(pattern: AnyPattern) -> Iterator[str]:
    for beginning, run, ending in shapes():

        def of(length: int, parts: tuple[str, ...] = (beginning, run, ending)) -> str:
            return parts[0] + parts[1] * (length // len(parts[1])) + parts[2]

        if cpu_seconds(pattern, of(LENGTH // 2)) > UNSUSPICIOUS and _grows(pattern, of):
            yield f"{beginning!r} + {run!r} * n + {ending!r}"


def _grows(pattern: AnyPattern, of: Callable[[int], str]) -> bool:
    """More than in proportion, at two lengths: a repetition that has a bound grows at one of them, where
    the bound is reached, and is no fault."""
    return all(_grows_from(pattern, of(length), of(4 * length)) for length in (LENGTH // 4, LENGTH))


def _grows_from(pattern: AnyPattern, single: str, fourfold: str) -> bool:
    """Other load only ever adds to a time: the least of several is the pattern's own."""
    once = again = float("inf")
    for _ in range(TRIES):
        once = min(once, cpu_seconds(pattern, single))
        again = min(again, cpu_seconds(pattern, fourfold))
        if once == float("inf"):
            return True
        if again < GROWTH * once:
            return False
    return True


@pytest.fixture(scope="module", autouse=True)
def no_collection() -> Iterator[None]:
    """None falls into a measurement. Collecting before each of them would take longer than most do."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("where", "pattern"),
    [
        pytest.param(*found, id=f"{found[0]}: {key[0]!r:.40}")
        for key, found in every_pattern().items()
    ],
)
def test_a_pattern_takes_time_in_proportion(where: str, pattern: AnyPattern) -> None:
    found = next(slow_texts(pattern), None)
    assert found is None, f"{where}: {pattern.pattern!r} on {found}"


def test_every_pattern_is_found() -> None:
    timed = {key[0] for key in every_pattern()}
    for source in SOURCES:
        for line, called, pattern in written_patterns(source):
            if pattern is not None:
                assert pattern.pattern in timed
            else:
                assert called == "compile" and source.name in COMPOSED, f"{source.name}:{line}"
    assert len(timed) > 40


@pytest.mark.parametrize(
    "naive",
    [
        r"=(?: ?=)*\s*([^=]+?)\s*=(?: ?=)*$",
        r"!?\[([^\]]*)\]\(",
        r"\s+$",
        r"(?:a|a?b?)+c",
    ],
)
def test_a_pattern_that_backtracks_is_noticed(naive: str) -> None:
    assert next(slow_texts(re.compile(naive)), None)
