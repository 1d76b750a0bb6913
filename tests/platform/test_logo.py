"""The operator's logo: what is taken, and what is told in one line before anything starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string
from django.test import override_settings
from django.urls import set_urlconf

from chatbot_saas.logo import MAX_LOGO_BYTES, read_logo
from tests.conversations.pictures import ALPHA, WEBP, png
from tests.live import ROOT

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><path d="M0 0h9v9z"/></svg>'
TAKEN = {
    "png": (png(), "image/png"),
    "large": (png(2000, 500), "image/png"),
    "webp": (WEBP, "image/webp"),
    "alpha": (ALPHA, "image/webp"),
    "svg": (SVG, "image/svg+xml"),
    "svg of a program": (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->" + SVG, "image/svg+xml"),
}
REFUSED = {
    "nothing": (b"", "save it as PNG, SVG or WebP"),
    "text": (b"Kiln Cloud", "save it as PNG, SVG or WebP"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(60), "save it as PNG, SVG or WebP"),
    "too large": (png() + bytes(MAX_LOGO_BYTES), "larger than 256 KiB"),
    "half a PNG": (png()[:40], "not whole"),
    "half a WebP": (WEBP[:40], "not whole"),
    "page": (b"<html><svg viewBox='0 0 1 1'/></html>", "root is no <svg>"),
    "not SVG's": (b'<svg viewBox="0 0 1 1"/>', "root is no <svg>"),
    "not well formed": (SVG[:-2], "not well formed"),
    "not to be scaled": (SVG.replace(b"viewBox", b"data-box"), "viewBox"),
    "unknown encoding": (b"<?xml version='1.0' encoding='nope'?>" + SVG, "in UTF-8"),
    "encoding of two bytes": (b"<?xml version='1.0' encoding='shift_jis'?>" + SVG, "in UTF-8"),
    "entities": (b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + SVG, "plain SVG"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_picture_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    content, content_type = TAKEN[name]
    file = tmp_path / "logo.jpg"
    file.write_bytes(content)
    found = read_logo("OPERATOR_LOGO", str(file))
    assert found is not None
    assert (found.content, found.content_type) == (content, content_type)
    other = tmp_path / "other"
    other.write_bytes(png(33))
    again = read_logo("OPERATOR_LOGO", str(other))
    assert again is not None
    assert again.name != found.name


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_none_is_told_with_the_setting_and_what_to_do(tmp_path: Path, name: str) -> None:
    content, told = REFUSED[name]
    file = tmp_path / "logo.png"
    file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=f"^OPERATOR_LOGO={file}: .*{told}.*\\.$"):
        read_logo("OPERATOR_LOGO", str(file))


def test_without_one_there_is_none() -> None:
    assert read_logo("OPERATOR_LOGO", "") is None


def test_a_file_that_is_not_there_stops_the_start_with_one_line(tmp_path: Path) -> None:
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    there = tmp_path / "logo.svg"
    there.write_bytes(SVG)
    for given, told in (
        ({"OPERATOR_LOGO": "/nowhere/logo.png"}, "OPERATOR_LOGO=/nowhere/logo.png: No such file"),
        ({"OPERATOR_LOGO_DARK": str(there)}, "so OPERATOR_LOGO must be set too."),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "chatbot_saas.preflight"],
            cwd=ROOT,
            env={**keep, "VAR_DIR": str(tmp_path / "var"), **given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_without_a_logo_the_name_stands_beside_the_mark() -> None:
    set_urlconf("chatbot_saas.platform_urls")
    try:
        with override_settings(OPERATOR_NAME="Kiln Cloud"):
            brand = render_to_string("_brand.html")
    finally:
        set_urlconf(None)
    assert 'class="mark"' in brand
    assert '<span class="clip">Kiln Cloud</span>' in brand
    assert "<img" not in brand
