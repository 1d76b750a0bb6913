"""One run of checkov over a folder: it takes seconds to start."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from deploy.check.manifests import TOOLS, ToolError


def run(framework: str, folder: Path) -> list[dict[str, Any]]:
    """Its reports. Raises ToolError when it did not run."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [
                TOOLS / "bin" / "checkov",
                *("--framework", framework, "--directory", folder),
                *("--output", "json", "--quiet", "--compact", "--skip-download"),
            ],
            # Nothing is asked of anybody, and no home is written to.
            env={"PATH": os.environ["PATH"], "HOME": home, "LOG_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise ToolError(f"checkov did not run: {done.stderr.strip()[-500:]}") from error
    return told if isinstance(told, list) else [told]
