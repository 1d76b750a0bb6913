"""What is in an image and under which licence: the list is whole, and valid where its schema is."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.audit.licences import Package, page, pinned
from deploy.check.manifests import TOOLS
from deploy.image.sbom import debian_packages, describe, python_packages
from deploy.image.weight import MOST_PACKED, Weight
from tests.live import ROOT

TOLD = json.dumps(
    [["Django", "5.2.1", "BSD-3-Clause", []], ["zope.interface", "8", "", ["X :: ZPL"]]]
)
LISTED = (
    "installed libc6 2.36-9+deb12u14 amd64\nconfig-files gone 1.0 all\ninstalled a:b 1:2~3 all\n"
)


def test_packages_of_python_and_debian_are_named_as_scanners_look_for_them() -> None:
    found = [*python_packages(TOLD), *debian_packages(LISTED)]
    assert [each.purl for each in found] == [
        "pkg:pypi/django@5.2.1",
        "pkg:pypi/zope.interface@8",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64",
        "pkg:deb/debian/a%3Ab@1%3A2~3?arch=all",
    ]
    assert [each.licence for each in found[:2]] == ["BSD-3-Clause", "ZPL"]


@pytest.mark.skipif(not TOOLS.exists(), reason="make lint-deploy installs the schema")
def test_the_list_is_valid_by_its_schema(tmp_path: Path) -> None:
    document = describe([*python_packages(TOLD), *debian_packages(LISTED)], "image", "sha256:1")

    def faults(changed: dict[str, object]) -> str:
        path = tmp_path / "sbom.json"
        path.write_text(json.dumps({**document, **changed}))
        code = (
            "import sys; from cyclonedx.schema import SchemaVersion as V\n"
            "from cyclonedx.validation.json import JsonStrictValidator as J\n"
            "print(J(V.V1_6).validate_str(open(sys.argv[1]).read()))"
        )
        command = [str(TOOLS / "bin" / "python"), "-c", code, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert faults({}) == "None"
    assert "surprise" in faults({"surprise": 1})


def test_each_package_that_runs_is_under_a_licence_that_was_looked_at() -> None:
    packages = sorted(pinned(), key=lambda each: each.name.lower())
    assert [each.fault for each in packages if each.fault] == []
    assert len(packages) > 80
    written = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    # A line for each; what only another Python needs may be missing here.
    assert set(page(packages).splitlines()) <= set(written.splitlines())
    for licence in ("AGPL-3.0", "GPL-3.0-only", "MIT AND SSPL-1.0", ""):
        assert Package("x", "1", licence).fault


def test_an_image_that_is_too_heavy_or_runs_as_root_is_told() -> None:
    right = Weight(packed=MOST_PACKED, unpacked=1, user="10001", has_health_check=True)
    assert right.faults() == []
    wrong = Weight(packed=MOST_PACKED + 1, unpacked=1, user="0", has_health_check=False)
    assert len(wrong.faults()) == 3
    assert Weight(packed=1, unpacked=1, user="app", has_health_check=True).faults()
