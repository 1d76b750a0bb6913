"""A pytest plugin that gives a test the sizes of its drill; the test itself stays as it is."""

import json
import os

import pytest


def _drill() -> dict[str, dict[str, int]]:
    read: dict[str, dict[str, int]] = json.loads(os.environ["DRILL"])
    return read


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    repeat = int(os.environ["DRILL_REPEAT"])
    if repeat > 1:
        metafunc.fixturenames.append("drill_round")
        metafunc.parametrize("drill_round", range(repeat))


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    for module in {item.module for item in items}:
        for name, value in _drill()["constants"].items():
            if not hasattr(module, name):
                raise pytest.UsageError(
                    f"{module.__name__} has no {name}: the drill is out of date"
                )
            setattr(module, name, value)


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on the processes that a test starts find no Redis; the run's own settings stay."""
    if "DRILL_REDIS_URL" in os.environ:
        os.environ["REDIS_URL"] = os.environ["DRILL_REDIS_URL"]
