"""A base image from Debian's packages alone, for where no registry of images can be reached."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from deploy.image.engine import Engine, EngineError

RELEASE = "bookworm"
BASE = f"localhost/python:{RELEASE}"
_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
# Of packages and their archives, what no process reads.
_NOT_READ = (
    *("var/cache/apt", "var/lib/apt/lists", "var/log"),
    *("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"),
)


def make_base(engine: Engine) -> str:
    """Its name. Takes a minute, and the rights of root, which debootstrap needs."""
    if not shutil.which("debootstrap"):
        raise EngineError("debootstrap makes the base image and was not found: install it.")
    with tempfile.TemporaryDirectory() as folder:
        system, archive = Path(folder, "system"), Path(folder, "system.tar")
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", RELEASE, str(system)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EngineError(f"debootstrap failed: {(done.stdout.splitlines() or ['?'])[-1]}")
        for path in _NOT_READ:
            for each in (system / path).iterdir():
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        with tarfile.open(archive, "w") as tar:
            tar.add(system, arcname=".")
        engine.run(["import", str(archive), BASE])
    return BASE
