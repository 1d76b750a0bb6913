"""Runs one drill as a pytest run of its own and says what came out."""

import json
import os
import re
import subprocess
import sys
import time
from typing import Any

from bench.drill.plan import Drill
from bench.stack import ROOT

VAR_DIR = ROOT / "var" / "drill"
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|deselected)")


def run(drill: Drill) -> dict[str, Any]:
    """`passed`, `seconds`, and what was done; the whole output is in var/drill/NAME.log."""
    log_path = VAR_DIR / f"{drill.name}.log"
    started = time.perf_counter()
    with log_path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", "-p", "bench.drill.sizes", "-q", "--durations=0"),
                *(drill.test, "-k", drill.select),
            ],
            cwd=ROOT,
            env=_environment(drill),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        in_time = _wait(process, drill.seconds)
    seconds = time.perf_counter() - started
    text = log_path.read_text(encoding="utf-8")
    counts = {word: int(number) for number, word in _COUNTS.findall(text.rstrip()[-200:])}
    passed = in_time and process.returncode == 0 and counts.get("passed", 0) > 0
    return {
        "passed": passed,
        "seconds": round(seconds, 1),
        "did": f"{drill.amount} {drill.unit}",
        "tests": counts,
        "calls": _durations(text),
        **({} if in_time else {"why": f"not done within {drill.seconds} s"}),
    }


def _environment(drill: Drill) -> dict[str, str]:
    return {
        **os.environ,
        **drill.environment,
        "DRILL": json.dumps({"constants": drill.constants}),
        "DRILL_REPEAT": str(drill.repeat),
        "TEST_VAR_DIR": str(VAR_DIR / f"servers-{os.getpid()}"),
    }


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """False when it had to be ended. An interrupt lets pytest end its servers itself."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(2)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return False
    return True


def _durations(text: str) -> dict[str, float]:
    """Seconds of each test's body, by its name."""
    found = re.findall(r"^(\d+\.\d+)s call +\S+::(\S+)", text, re.MULTILINE)
    return {name: float(seconds) for seconds, name in found}
