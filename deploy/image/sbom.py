"""The list of what is in an image, as CycloneDX 1.6 (ECMA-424): Debian's and Python's packages."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from deploy.image.engine import Engine

# Run inside of the image, which has no tool of ours.
_PYTHON = """
import json
from importlib.metadata import distributions
print(json.dumps([
    [each.metadata["Name"], each.version,
     each.metadata.get("License-Expression") or each.metadata.get("License") or "",
     [line[11:] for line in each.metadata.get_all("Classifier", []) if line.startswith("License :: ")]]
    for each in distributions()
]))
"""
_DEBIAN = "${db:Status-Status} ${Package} ${Version} ${Architecture}\n"
_LONGEST_LICENCE = 80


@dataclass(frozen=True)
class Package:
    """`kind` is the type of its package URL: deb or pypi."""

    kind: str
    name: str
    version: str
    licence: str = ""
    architecture: str = ""

    @property
    def purl(self) -> str:
        """Its package URL (purl-spec): names of the Python index are lower case with dashes."""
        if self.kind == "deb":
            return (
                f"pkg:deb/debian/{quote(self.name)}@{quote(self.version)}?arch={self.architecture}"
            )
        return f"pkg:pypi/{quote(self.name.lower().replace('_', '-'))}@{quote(self.version)}"


def python_packages(told: str) -> list[Package]:
    """From what `_PYTHON` printed."""
    packages = []
    for name, version, stated, classified in json.loads(told):
        # Some put the whole text there.
        brief = stated if stated and len(stated) <= _LONGEST_LICENCE and "\n" not in stated else ""
        licence = brief or "; ".join(each.split(" :: ")[-1] for each in classified)
        packages.append(Package("pypi", name, version, licence))
    return packages


def debian_packages(told: str) -> list[Package]:
    """From dpkg's own list, of what is installed."""
    rows = (line.split() for line in told.splitlines() if line.startswith("installed "))
    return [Package("deb", name, version, "", arch) for _, name, version, arch in rows]


def list_packages(engine: Engine, image: str) -> list[Package]:
    python = engine.run_container(image, ["python", "-c", _PYTHON])
    debian = engine.run_container(image, ["dpkg-query", "--show", "--showformat", _DEBIAN])
    return sorted(
        {*python_packages(python), *debian_packages(debian)}, key=lambda each: each.purl.lower()
    )


def describe(packages: list[Package], image: str, digest: str) -> dict[str, Any]:
    """The document. It holds no time, so the same image has the same list."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": image,
                "version": digest,
            }
        },
        "components": [_component(each) for each in packages],
        "dependencies": [{"ref": "image", "dependsOn": [each.purl for each in packages]}],
    }


def _component(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
    }
    if package.licence:
        found["licenses"] = [{"license": {"name": package.licence}}]
    return found
