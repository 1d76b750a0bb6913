"""The Dockerfile, compose.yaml and the form of YAML, each by its tool."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.check.manifests import TOOLS, Fault

# A line of comment or of a long text may be as long as a line of Python.
_FORM = """
extends: default
rules:
  line-length: {max: 140}
  document-start: disable
  braces: {max-spaces-inside: 0}
  quoted-strings: disable
  truthy: {check-keys: false}
  comments: {min-spaces-from-content: 1}
"""


def find_faults(root: Path) -> Iterator[Fault]:
    tools = TOOLS / "bin"
    yield from _run(root, [str(tools / "hadolint"), "--no-color", "--format", "gnu", "Dockerfile"])
    compose = "deploy/compose.yaml"
    schema = ["--builtin-schema", "vendor.compose-spec", "--color", "never"]
    yield from _run(root, [str(tools / "check-jsonschema"), *schema, compose], about=compose)
    yaml = [str(tools / "yamllint"), "--strict", "--format", "parsable", "-d", _FORM]
    yield from _run(root, [*yaml, "deploy", "docs/kustomization.yaml"])


def _run(root: Path, command: list[str], about: str = "") -> Iterator[Fault]:
    """Each line that a failing tool prints, which begins with its place unless `about` is one."""
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=60
    )
    if not done.returncode:
        return
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if about:
        yield Fault(f"{about}:1", " ".join(line.strip() for line in lines))
        return
    for line in lines or [f"{Path(command[0]).name} failed with {done.returncode}"]:
        where, _, what = line.removeprefix("hadolint:").partition(": ")
        yield Fault(where, what)
