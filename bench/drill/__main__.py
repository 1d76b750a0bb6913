"""`python -m bench.drill [NAME …]`: one line a drill, exit code 1 when one has failed."""

import argparse
import sys
from typing import Any

from bench.drill import fleet, neighbours, suite
from bench.drill.cluster import kill, restarts, rolling, soak, switch
from bench.drill.plan import DRILLS
from bench.drill.recovery import main as recovery
from bench.drill.storm import main as storm
from bench.figures import save

# Those that are no test at another size.
OWN = {
    "fleet": fleet.run,
    "neighbours": neighbours.run,
    "storm": storm.run,
    "cluster-kill": kill.run,
    "rolling": rolling.run,
    "blue-green": switch.run,
    "restarts": restarts.run,
    "recovery": recovery.run,
    "soak": soak.run,
}


def main() -> int:
    names = [*(drill.name for drill in DRILLS), *OWN]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    wanted = parser.parse_args().names or names
    unknown = set(wanted) - set(names)
    if unknown:
        parser.error(
            f"there is no drill {', '.join(sorted(unknown))}; there are {', '.join(names)}"
        )
    suite.VAR_DIR.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    for name in names:
        if name in wanted:
            results[name] = _run(name)
            save(results[name], suite.VAR_DIR / f"{name}.json")
            _say(name, results[name])
    save(results, suite.VAR_DIR / "result.json")
    return 0 if all(result["passed"] for result in results.values()) else 1


def _run(name: str) -> dict[str, Any]:
    if name in OWN:
        return OWN[name]()
    return suite.run(next(drill for drill in DRILLS if drill.name == name))


def _say(name: str, result: dict[str, Any]) -> None:
    figures = {key: value for key, value in result.items() if key not in ("passed", "did", "calls")}
    told = ", ".join(f"{key} {value}" for key, value in figures.items())
    print(f"{'pass' if result['passed'] else 'FAIL'}  {name}: {result['did']} ({told})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
