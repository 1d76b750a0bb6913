"""`python -m deploy.release.deploy ENVIRONMENT IMAGE`: its branch gets this checkout and this image.

ArgoCD rolls out what the branch says. Each deployment is one commit on top of the last, of the whole tree
as it is checked out, so a roll-back is the same command in the checkout of an earlier release.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from deploy.check.manifests import ROOT
from deploy.release.pin import ENVIRONMENTS, PinError, pin_environment

_TRIES = 3
_AUTHOR = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "deploy"), ("EMAIL", "deploy@localhost"))
}


class DeployError(Exception):
    """The branch was not moved; the text says why."""


def _git(root: Path, *arguments: str, may_fail: bool = False) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env=_AUTHOR | os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and not may_fail:
        raise DeployError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return "" if done.returncode else done.stdout.strip()


def deploy(root: Path, environment: str, image: str, *, remote: str = "origin") -> str:
    """The id of the commit that the environment's branch is now at.

    Somebody else may deploy at the same time: the branch is never forced, but built upon anew.
    """
    if _git(root, "status", "--porcelain"):
        raise DeployError("The checkout has changes: what is deployed has to be a release.")
    release = _git(root, "rev-parse", "HEAD")
    pinned = pin_environment(root, environment, image)
    try:
        _git(root, "add", *map(str, pinned))
        tree = _git(root, "write-tree")
    finally:
        _git(root, "reset", "--quiet", "--hard", release)
    said = f"{environment}: {image}\n\nFrom {release}."
    for _ in range(_TRIES):
        parent = _git(root, "ls-remote", remote, f"refs/heads/{environment}").split("\t")[0]
        if parent:
            _git(root, "fetch", "--quiet", "--depth=1", remote, f"refs/heads/{environment}")
        commit = _git(root, "commit-tree", tree, "-m", said, *(["-p", parent] if parent else []))
        expected = f"--force-with-lease=refs/heads/{environment}:{parent}"
        if _git(
            root, "push", "--porcelain", expected, remote,
            f"{commit}:refs/heads/{environment}", may_fail=True,
        ):  # fmt: skip
            return commit
    raise DeployError(f"The branch {environment} could not be moved: may this account push to it?")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m deploy.release.deploy", description=__doc__)
    parser.add_argument("environment", choices=ENVIRONMENTS)
    parser.add_argument("image", help="name:tag or name@sha256:…")
    options = parser.parse_args(arguments)
    try:
        commit = deploy(ROOT, options.environment, options.image)
    except (DeployError, PinError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.environment} is at {commit}: {options.image}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
