"""Which failures get a second look, and which never do."""

from tests.alone import AT_MOST, why_not


def test_a_few_are_run_again_and_many_are_not() -> None:
    few = [f"tests/browser/test_pages.py::test_{n}" for n in range(AT_MOST)]
    assert why_not(few) == ""
    assert "only up to" in why_not([*few, "tests/browser/test_pages.py::test_more"])
    assert "only up to" in why_not([])


def test_a_leak_or_a_wrong_charge_is_one_however_seldom() -> None:
    for test in (
        "tests/isolation/test_t01_tasks.py::test_a",
        "tests/billing/test_quotas.py::test_b",
    ):
        assert test in why_not([test])
