"""deploy/terraform: its form, checkov's policies, and names that agree. No provider is asked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import hcl2
from lark.exceptions import LarkError

from deploy.check import checkov
from deploy.check.manifests import Fault, ToolError

FOLDER = Path("deploy/terraform")
# Policies that do not apply, each with its reason; of one resource where its name stands before a colon.
SKIPPED = {
    "CKV_AWS_109": "a key's own policy: `*` is that key, and without it nobody could manage it",
    "CKV_AWS_111": "the same",
    "CKV_AWS_356": "the same",
    "CKV_AWS_144": "backups are in a vault; another region is a decision about where data may be",
    "CKV_AWS_394": "zones are taken from the front of a sorted list, and the milestone says how many",
    "aws_s3_bucket.logs:CKV_AWS_145": "AWS writes access logs with its own keys alone",
    "CKV2_AWS_50": "the smallest milestone has one Redis; nothing in it is the only copy",
    "CKV2_AWS_57": "a login's password changes with the processes that use it: docs/deploy.md",
    "CKV2_AWS_62": "nothing listens",
}
_COMMENT = re.compile(r"(?m)^\s*#.*$")
_REFERENCE = re.compile(r"(?<![\w.\"-])(data\.)?((?:aws|random)_[a-z0-9_]+)\.([a-z][a-z0-9_]*)\b")
_VARIABLE, _LOCAL = re.compile(r"\bvar\.([a-z_]+)"), re.compile(r"\blocal\.([a-z_]+)")


@dataclass(frozen=True)
class Module:
    """The files, and what they declare."""

    root: Path

    @cached_property
    def texts(self) -> dict[Path, str]:
        paths = sorted((self.root / FOLDER).glob("*.tf"))
        return {path: _COMMENT.sub("", path.read_text(encoding="utf-8")) for path in paths}

    @cached_property
    def parsed(self) -> dict[Path, dict[str, Any]]:
        return {path: hcl2.loads(text) for path, text in self.texts.items()}

    def blocks(self, kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        for path, content in self.parsed.items():
            for block in content.get(kind, []):
                yield path, block

    def declared(self, kind: str) -> set[str]:
        """Names of variables, outputs or locals; type.name of resources and of data."""
        names = set()
        for _, block in self.blocks(kind):
            for name, body in block.items():
                if name.startswith("__"):
                    continue
                if kind in {"resource", "data"}:
                    names |= {f"{name}.{each}" for each in body}
                else:
                    names.add(name)
        return names

    def where(self, path: Path, text: str) -> str:
        lines = path.read_text(encoding="utf-8").splitlines()
        number = next((n for n, line in enumerate(lines, 1) if text in line), 1)
        return f"{path.relative_to(self.root)}:{number}"


def find_faults(root: Path) -> Iterator[Fault]:
    module = Module(root)
    unreadable = list(_unreadable(module))
    if unreadable:
        # What cannot be read has no names to look at.
        yield from unreadable
        return
    yield from _references(module)
    yield from _variables(module)
    yield from _environments(module)
    yield from _policies(module)


def _unreadable(module: Module) -> Iterator[Fault]:
    for path, text in module.texts.items():
        try:
            hcl2.loads(text)
        except LarkError as error:
            line = getattr(error, "line", 1)
            yield Fault(f"{path.relative_to(module.root)}:{line}", "this is no HCL")


def _references(module: Module) -> Iterator[Fault]:
    """What is named is declared: Terraform would say so, and asks for its providers first."""
    known = {kind: module.declared(kind) for kind in ("resource", "data")}
    for path, text in module.texts.items():
        for data, kind, name in _REFERENCE.findall(text):
            if f"{kind}.{name}" not in known["data" if data else "resource"]:
                yield Fault(
                    module.where(path, f"{kind}.{name}"), f"{data}{kind}.{name} is not there"
                )
        for name in _LOCAL.findall(text):
            if name not in module.declared("locals"):
                yield Fault(module.where(path, f"local.{name}"), f"local.{name} is not there")


def _variables(module: Module) -> Iterator[Fault]:
    declared = module.declared("variable")
    used: dict[str, Path] = {}
    for path, text in module.texts.items():
        for name in _VARIABLE.findall(text):
            used.setdefault(name, path)
    for name, path in used.items():
        if name not in declared:
            yield Fault(module.where(path, f"var.{name}"), f"var.{name} is not there")
    for path, block in module.blocks("variable"):
        for name, body in block.items():
            if name not in used:
                yield Fault(module.where(path, f'"{name}"'), f"nothing uses var.{name}")
            elif "description" not in body:
                yield Fault(module.where(path, f'"{name}"'), f"nothing says what var.{name} is")


def _environments(module: Module) -> Iterator[Fault]:
    """Each environment gives what has no default, and nothing else than what there is."""
    bodies = {name: body for _, block in module.blocks("variable") for name, body in block.items()}
    needed = {name for name, body in bodies.items() if "default" not in body}
    for path in sorted((module.root / FOLDER / "environments").glob("*.tfvars")):
        given = {
            name
            for name in hcl2.loads(path.read_text(encoding="utf-8"))
            if not name.startswith("__")
        }
        for name in sorted(needed - given):
            yield Fault(f"{path.relative_to(module.root)}:1", f"{name} is not given")
        for name in sorted(given - bodies.keys()):
            yield Fault(module.where(path, name), f"there is no variable {name}")


def _policies(module: Module) -> Iterator[Fault]:
    for report in checkov.run("terraform", module.root / FOLDER):
        if not report.get("summary", {}).get("passed"):
            raise ToolError("checkov found nothing to look at in deploy/terraform.")
        for failed in report["results"]["failed_checks"]:
            code, resource = failed["check_id"], failed["resource"]
            if code in SKIPPED or f"{resource}:{code}" in SKIPPED:
                continue
            line = failed["file_line_range"][0]
            where = f"{FOLDER}/{failed['file_path'].lstrip('/')}:{line}"
            yield Fault(where, f"{resource}: {code}: {failed['check_name']}")
