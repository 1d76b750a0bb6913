"""`python -m deploy.audit.licences [--write]`: the licences of all that is installed to run the product.

Fails on a licence that is not known to suit a product that is sold and run for others, and when
docs/licences.md says something else than what is pinned.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)\s*(;?)", re.MULTILINE)
_LONGEST = 80
# Of each: use it, change it, sell it, keep its notice.
_PERMISSIVE = re.compile(
    r"(MIT(-0| License)?|(New |[23]-Clause )?BSD([ -][23]-Clause)?( License)?|0BSD|Zlib|TCL|PSF-2\.0|"
    r"Apache([ -]2\.0| Software License| License(,?( Version)? 2\.0)?)?|ISC|CC0-1\.0|CC-BY-4\.0|"
    r"ZPL-2\.1|Version 2\.0)",
    re.IGNORECASE,
)
# Of these, who is given the library must be able to replace it: they are installed as they came.
_REPLACEABLE = re.compile(r"(LGPL-3\.0-only|MPL-2\.0)")
# What their own metadata says in words that are no licence: read in their files.
_READ = {
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
}


_HEAD = (
    "# Licences\n\n"
    "The product is under its own [licence](../LICENSE). These packages come with it, unchanged, as "
    "`requirements/base.txt` and `requirements/standalone.txt` pin them. `make licences` fails when "
    "this page is not what is pinned, or when a package has a licence that nobody has looked at; "
    "`python -m deploy.audit.licences --write` writes it anew. An image has Debian's packages as well: "
    "`make sbom` lists everything that is in it.\n\n"
    "| package | version | licence |\n|---|---|---|\n"
)


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str

    @property
    def fault(self) -> str:
        if not self.licence:
            return f"{self.name} says nothing of its licence: read its files."
        parts = re.split(r"\s+(?:AND|OR)\s+|\s*[;,]\s*(?!Version)", self.licence)
        for part in parts:
            word = part.strip("() ")
            if not (_PERMISSIVE.fullmatch(word) or _REPLACEABLE.fullmatch(word)):
                return f"{self.name} is under {word!r}, which nobody has looked at."
        return ""


def pinned() -> Iterator[Package]:
    """What requirements/ name for running, as it is installed here; what only other machines need is left
    out."""
    for name in ("base", "standalone"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for package, version, condition in _PINNED.findall(text):
            try:
                yield Package(package, version, licence_of(package))
            except PackageNotFoundError:
                if not condition:
                    raise


def licence_of(name: str) -> str:
    if name.lower() in _READ:
        return _READ[name.lower()]
    metadata = distribution(name).metadata
    stated = next(iter(_all(metadata, "License-Expression") + _all(metadata, "License")), "")
    # Some put the whole text there.
    if stated and len(stated) <= _LONGEST and "\n" not in stated:
        return stated
    classified = (each for each in _all(metadata, "Classifier") if "License" in each)
    return "; ".join(each.split(" :: ")[-1] for each in classified)


def _all(metadata: PackageMetadata, name: str) -> list[str]:
    return metadata.get_all(name) or []


def page(packages: list[Package]) -> str:
    return _HEAD + "".join(
        f"| {each.name} | {each.version} | {each.licence} |\n" for each in packages
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m deploy.audit.licences", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/licences.md")
    options = parser.parse_args(arguments)
    packages = sorted(pinned(), key=lambda each: each.name.lower())
    if options.write:
        PAGE.write_text(page(packages), encoding="utf-8")
    faults = [each.fault for each in packages if each.fault]
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page(packages):
        faults.append(
            "docs/licences.md is not what is pinned: python -m deploy.audit.licences --write"
        )
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(packages)} packages, each under a licence that suits.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
