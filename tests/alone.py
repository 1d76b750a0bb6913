"""Runs once more, each alone, the few tests that failed among all the others.

Three at a time on two cores some test now and then waits longer than any bound that still says something.
What is right passes when it has the machine to itself; what fails again is wrong. A leak between tenants
that shows once in a hundred runs is a leak: those tests get no second look, and neither do many at once.
"""

import json
import subprocess
import sys
from pathlib import Path

_FAILED = Path(".pytest_cache/v/cache/lastfailed")
AT_MOST, _NEVER = 3, ("tests/isolation/", "tests/billing/")
_PYTEST = [sys.executable, "-m", "pytest", "-q"]


def main() -> int:
    failed = list(json.loads(_FAILED.read_text()))
    if refused := why_not(failed):
        print(refused, file=sys.stderr)
        return 1
    again = [test for test in failed if subprocess.run([*_PYTEST, test], check=False).returncode]
    for test in failed:
        print(f"{'FAILED TWICE' if test in again else 'failed once, passed alone'}: {test}")
    return 1 if again else 0


def why_not(failed: list[str]) -> str:
    """Why these are not run again; nothing when they are."""
    if not 0 < len(failed) <= AT_MOST:
        return f"{len(failed)} tests failed: only up to {AT_MOST} are run again."
    if never := [test for test in failed if test.startswith(_NEVER)]:
        return f"Not run again, for it has to hold at any time: {', '.join(never)}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
