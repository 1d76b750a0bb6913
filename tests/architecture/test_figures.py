"""What a stranger has to learn of this code base stays within its bounds (`make house`)."""

import ast

import pytest

from bench import house


def test_every_figure_is_within_its_bound() -> None:
    assert [str(figure) for figure in house.measure() if not figure.holds] == []


@pytest.mark.parametrize(
    ("figure", "holds"),
    [
        (house.Figure("x", 5, 5), True),
        (house.Figure("x", 6, 5), False),
        (house.Figure("x", 3, 7, low=4), False),
        (house.Figure("x", 0, 0), True),
    ],
)
def test_a_bound_is_included(figure: house.Figure, holds: bool) -> None:
    assert figure.holds is holds
    assert str(figure).startswith("ok" if holds else "OVER")


def test_a_cycle_and_the_longest_chain_are_found() -> None:
    edges = {"a": ["b"], "b": ["c", "d"], "c": ["b"], "d": []}
    groups = house._strongly_connected(edges)
    assert [sorted(group) for group in groups if len(group) > 1] == [["b", "c"]]
    straight = {"a": ["b", "d"], "b": ["c"], "c": ["d"], "d": []}
    order = [next(iter(group)) for group in house._strongly_connected(straight)]
    assert house._longest_chain(straight, order) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("assert x", True),
        ("with pytest.raises(ValueError): x()", True),
        ("eventually(lambda: x)", True),
        ("x()", False),
    ],
)
def test_a_test_that_asserts_nothing_is_told(body: str, found: bool) -> None:
    (function,) = ast.parse(f"def test_it():\n    {body}").body
    assert isinstance(function, ast.FunctionDef)
    assert house.asserts(function) is found


def test_docstrings_and_comments_are_no_code() -> None:
    source = next(each for each in house.read_sources("core") if each.name == "core/ids.py")
    assert 0 < source.code_lines < len(source.text.splitlines())
    assert all(comment.startswith("#") for comment in source.comments)
