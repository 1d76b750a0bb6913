"""`python -m bench.drill recovery`: the database is destroyed under load and recovered; then one
workspace is copied while the others work."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.drill.storm import machine
from tests.fake_openai import running as provider_running


def run() -> dict[str, Any]:
    """`passed` when no confirmed write is lost that is older than the bound, and nothing differs."""
    os.environ["EMBEDDED_WAL_STREAM"] = "1"
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    # The servers' account has to pass through.
    folder.chmod(0o711)
    try:
        with provider_running() as fake, machine.running(fake.url) as product:
            import django

            django.setup()
            fake.default(tokens=20, first_delay=0.02)
            # Imported here: it needs Django set up, with the drill's own servers.
            from bench.drill.recovery import scene

            return scene.play(product, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
