"""The readers of the environment: each takes what fits and names what does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatbot_saas import env

NAME = "A_SETTING_OF_NOBODY"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    def give(value: str | None) -> None:
        if value is None:
            monkeypatch.delenv(NAME, raising=False)
        else:
            monkeypatch.setenv(NAME, value)

    return give


Reader = Callable[[str], Any]
READERS: dict[str, tuple[Reader, Any, dict[str, Any], list[str]]] = {
    "text": (
        lambda name: env.text(name, "none"),
        "none",
        {"a": "a", " a b ": "a b", "ü": "ü"},
        [],
    ),
    "integer": (
        lambda name: env.integer(name, 5, least=1),
        5,
        {"1": 1, " 7 ": 7, "1_000": 1000, "٣": 3},
        ["0", "-1", "1.5", "many", "1e3", "0x10"],
    ),
    "seconds": (
        lambda name: env.seconds(name, 1.5),
        1.5,
        {"0.1": 0.1, "86399": 86_399.0, "1e2": 100.0},
        ["0", "-1", "86400", "nan", "inf", "5s"],
    ),
    "url": (
        env.url,
        "",
        {"https://a.example/v1": "https://a.example/v1", "http://[::1]:8000": "http://[::1]:8000"},
        ["nourl", "ftp://a.example", "https://", "//a.example", "http://a.example:x", "http://a:0"],
    ),
    "flag": (
        lambda name: env.flag(name, True),
        True,
        {"1": True, "TRUE": True, "yes": True, "0": False, "false": False, "No": False},
        ["on", "2", "y", "tru"],
    ),
    "names": (
        lambda name: env.names(name, ("a",)),
        ("a",),
        {"a,b": ("a", "b"), " a , , b ": ("a", "b"), ",": ()},
        [],
    ),
    "path": (
        lambda name: env.path(name, Path("/usual")),
        Path("/usual"),
        {"/a/../b": Path("/b"), "c": Path.cwd() / "c"},
        [],
    ),
}
FITS = [
    pytest.param(reader, raw, value, id=f"{name} {raw!r}")
    for name, (reader, _, fits, _) in READERS.items()
    for raw, value in fits.items()
]
MISFITS = [
    pytest.param(reader, raw, id=f"{name} {raw!r}")
    for name, (reader, _, _, misfits) in READERS.items()
    for raw in misfits
]


@pytest.mark.parametrize(("reader", "raw", "value"), FITS)
def test_what_fits_is_taken(
    given: Callable[[str | None], None], reader: Reader, raw: str, value: Any
) -> None:
    given(raw)
    assert reader(NAME) == value


@pytest.mark.parametrize(("reader", "raw"), MISFITS)
def test_what_does_not_fit_is_told_by_name(
    given: Callable[[str | None], None], reader: Reader, raw: str
) -> None:
    given(raw)
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must be "):
        reader(NAME)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("raw", [None, ""])
def test_what_is_not_set_is_as_usual(
    given: Callable[[str | None], None], name: str, raw: str | None
) -> None:
    """Compose files pass variables on that are set to nothing."""
    given(raw)
    reader, usual, _, _ = READERS[name]
    assert reader(NAME) == usual


def test_a_file_holds_a_secret_and_comes_first(
    given: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n", encoding="utf-8")
    given("from the variable")
    monkeypatch.setenv(f"{NAME}_FILE", str(secret))
    assert env.text(NAME) == "from the file"


def test_a_file_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE cannot be read"):
        env.text(NAME)
