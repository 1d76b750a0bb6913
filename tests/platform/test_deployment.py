"""What a pipeline does with a release: an environment's branch gets it, and it is asked a question."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml

from conversations.chatbots.onboarding import Workspace
from deploy.release.deploy import DeployError, deploy
from deploy.release.pin import ENVIRONMENTS, PinError, pin_environment
from tests.live import ROOT, Process

IMAGE = "registry.example.com/chatbot-saas:2.0.1"


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the manifests of one release, whose origin is another one."""
    origin, folder = tmp_path / "origin.git", tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--bare", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(folder))
    for environment in ENVIRONMENTS.values():
        for name in environment:
            path = Path("deploy/kubernetes", name, "kustomization.yaml")
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "A release")
    return folder


def image_at(folder: Path, revision: str, environment: str = "staging") -> dict[str, str]:
    (name,) = ENVIRONMENTS[environment]
    text = git(folder, "show", f"{revision}:deploy/kubernetes/{name}/kustomization.yaml")
    (image,) = yaml.safe_load(text)["images"]
    return dict(image)


def test_a_deployment_is_one_commit_upon_the_last_and_leaves_the_checkout(checkout: Path) -> None:
    first = deploy(checkout, "staging", IMAGE)
    digest = f"registry.example.com/chatbot-saas@sha256:{'a' * 64}"
    second = deploy(checkout, "staging", digest)
    assert git(checkout, "ls-remote", "origin", "refs/heads/staging").split()[0] == second
    assert git(checkout, "log", "--format=%H", second).split() == [second, first]
    assert image_at(checkout, first) == {
        "name": "chatbot-saas", "newName": "registry.example.com/chatbot-saas", "newTag": "2.0.1",
    }  # fmt: skip
    assert image_at(checkout, second)["digest"] == f"sha256:{'a' * 64}"
    assert git(checkout, "status", "--porcelain") == ""
    # Another environment is another branch, and a roll-back the release before.
    deploy(checkout, "production", IMAGE)
    assert image_at(checkout, deploy(checkout, "staging", IMAGE)) == image_at(checkout, first)


def test_what_is_no_release_is_not_deployed(checkout: Path) -> None:
    for image in ("chatbot-saas:latest", "chatbot-saas", "chatbot saas:1", "a@sha256:12"):
        with pytest.raises(PinError):
            deploy(checkout, "staging", image)
    assert git(checkout, "status", "--porcelain") == ""
    # What a pipeline's other steps leave is ignored.
    (checkout / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    git(checkout, "add", ".gitignore")
    git(checkout, "commit", "--quiet", "-m", "Another release")
    for name in ("var/sbom.json", ".venv/pyvenv.cfg", ".venv-deploy/.tools"):
        (checkout / name).parent.mkdir()
        (checkout / name).write_text("x")
    deploy(checkout, "production", IMAGE)
    (checkout / "notes").write_text("x")
    with pytest.raises(DeployError, match="has changes"):
        deploy(checkout, "staging", IMAGE)
    assert "staging" not in git(checkout, "ls-remote", "origin")


def test_a_tag_that_looks_like_a_number_stays_a_text(checkout: Path) -> None:
    (path,) = pin_environment(checkout, "staging", "chatbot-saas:1.10")
    assert yaml.safe_load(path.read_text())["images"][0]["newTag"] == "1.10"


def smoke(url: str, key: str, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deploy.release.smoke", url, *more],
        cwd=ROOT, env={**os.environ, "SMOKE_KEY": key}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_installation_is_waited_for_and_asked(make_workspace: Callable[[], Workspace]) -> None:
    workspace = make_workspace()
    with Process("web", environment={"RELEASE": "v2.0.1"}) as web:
        assert httpx.get(f"{web.url}/readyz", trust_env=False).json()["release"] == "v2.0.1"
        done = smoke(web.url, workspace.secret_key, "--release", "v2.0.1")
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(r"answered, first text after \d", done.stdout)
        other = smoke(web.url, workspace.secret_key, "--release", "v2.0.2", "--minutes", "0.01")
        assert other.returncode == 1
        assert "v2.0.2 is not there after 0.01 minutes: v2.0.1 answers." in other.stderr
        wrong = smoke(web.url, workspace.secret_key[:-1] + "x")
        assert wrong.returncode == 1
        assert "/v1/chatbots says 401" in wrong.stderr
    gone = smoke(web.url, workspace.secret_key)
    assert gone.returncode == 1
    assert "Traceback" not in gone.stderr
