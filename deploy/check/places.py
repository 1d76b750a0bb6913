"""From a built manifest back to the line of a file that says it."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import yaml

from deploy.check.manifests import Finding, Manifest, Steps, name_of


@dataclass(frozen=True)
class _Written:
    """A document of a file."""

    file: str
    node: yaml.MappingNode
    kind: str
    name: str

    def generates(self, name: str, key: str) -> int | None:
        """The line of a kustomization that makes a ConfigMap of this name, at the key if it is there."""
        for listed, node in self.node.value:
            if listed.value != "configMapGenerator":
                continue
            for item in node.value:
                if _scalar(item, "name") == name:
                    lists = [v.value for k, v in item.value if k.value == "literals"]
                    at = [one for each in lists for one in each if one.value.startswith(f"{key}=")]
                    line: int = (at or [item])[0].start_mark.line + 1
                    return line
        return None

    def reach(self, manifest: Manifest, steps: Steps) -> tuple[int, int]:
        """How many steps lead somewhere in it, and the line where they end."""
        node: yaml.Node = self.node
        built: object = manifest
        for number, step in enumerate(steps):
            below = _below(node, built, step)
            if below is None:
                return number, node.start_mark.line + 1
            node = below
            built = _within(built, step)
        return len(steps), node.start_mark.line + 1


def _within(built: object, step: str | int) -> object:
    if isinstance(built, dict):
        return built.get(step)
    return built[step] if isinstance(built, list) and isinstance(step, int) else None


def _below(node: yaml.Node, built: object, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if not isinstance(node, yaml.SequenceNode) or not isinstance(step, int):
        return None
    # Lists are merged by name, so the place may be another one.
    named = built[step] if isinstance(built, list) else None
    name = named.get("name") if isinstance(named, dict) else None
    for item in node.value:
        if name is not None and _scalar(item, "name") == name:
            return cast(yaml.Node, item)
    return node.value[step] if name is None and step < len(node.value) else None


def _scalar(node: yaml.Node, key: str) -> str:
    if not isinstance(node, yaml.MappingNode):
        return ""
    return next((value.value for name, value in node.value if name.value == key), "")


@dataclass(frozen=True)
class Places:
    """Files of manifests, named from `root`."""

    root: Path
    files: tuple[Path, ...]

    @cached_property
    def _written(self) -> list[_Written]:
        found = []
        for path in self.files:
            for node in yaml.compose_all(path.read_text(encoding="utf-8"), yaml.SafeLoader):
                if isinstance(node, yaml.MappingNode):
                    about = next((v for k, v in node.value if k.value == "metadata"), node)
                    kind, name = _scalar(node, "kind"), _scalar(about, "name")
                    found.append(_Written(self._shown(path), node, kind, name))
        return found

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if self.root in path.parents else path.name

    def of(self, finding: Finding) -> str:
        """file:line of the document that leads farthest to it. What kustomize made is found at what it
        was made of."""
        kind, name = finding.manifest["kind"], name_of(finding.manifest)
        plain = re.sub(r"-(blue|green|[0-9a-z]{10})$", "", name)
        if kind == "ConfigMap":
            key = str(finding.steps[-1]) if finding.steps else ""
            made = [(each.file, each.generates(plain, key)) for each in self._written]
            lines = [f"{file}:{line}" for file, line in made if line]
            if lines:
                return lines[0]
        best, place = (-1, False), f"{self._shown(self.files[0])}:1"
        for each in self._written:
            own = each.kind == kind and each.name in (name, plain)
            if not own and each.name != "any":
                continue
            steps, line = each.reach(finding.manifest, finding.steps)
            if (steps, own) > best:
                best, place = (steps, own), f"{each.file}:{line}"
        return place
