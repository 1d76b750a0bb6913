"""requirements/: every line pinned, nothing missing, nothing imported that is not there."""

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants", "core")


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def pins(file: str) -> dict[str, Requirement]:
    lines = (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.partition("#")[0]) for line in lines if re.match(r"[A-Za-z]", line)]
    return {name_of(requirement.name): requirement for requirement in found}


def applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})


def needs_of(pin: Requirement) -> set[str]:
    """Names of what an installed package asks for, with the extras that its line names."""
    try:
        asked = requires(pin.name) or []
    except PackageNotFoundError:
        return set()
    found = [Requirement(line) for line in asked]
    return {name_of(need.name) for need in found if applies(need, pin.extras)}


@pytest.mark.parametrize("file", ["base.txt", "standalone.txt", "dev.txt", "deploy.txt"])
def test_every_version_is_exact(file: str) -> None:
    loose = [name for name, pin in pins(file).items() if not str(pin.specifier).startswith("==")]
    assert loose == []


@pytest.mark.parametrize("files", [("base.txt",), ("dev.txt", "base.txt")])
def test_what_the_packages_need_is_pinned_as_well(files: tuple[str, ...]) -> None:
    pinned = {name: pin for file in files for name, pin in pins(file).items()}
    missing = {
        f"{name} needs {need}"
        for name, pin in pinned.items()
        for need in needs_of(pin)
        if need not in pinned
    }
    assert missing == set()


def test_the_product_imports_nothing_that_is_not_installed_with_it() -> None:
    available = {*pins("base.txt"), *pins("standalone.txt")}
    owners = packages_distributions()
    stray = {
        f"{path.relative_to(ROOT)} imports {module}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for module in imports_of(path)
        if module not in sys.stdlib_module_names and module not in PACKAGES
        if not available & {name_of(owner) for owner in owners.get(module, [])}
    }
    assert stray == set()


def imports_of(path: Path) -> set[str]:
    """Top-level modules that a file imports, relative ones left out."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
