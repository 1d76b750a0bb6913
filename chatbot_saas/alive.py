"""The health check of a worker or beat: `python -m chatbot_saas.alive worker` ends with 0 if it lives."""

import sys

from chatbot_saas.mode import var_dir
from core.alive import is_alive

ROLES = ("worker", "beat")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ROLES:
        print(f"usage: python -m chatbot_saas.alive {'|'.join(ROLES)}", file=sys.stderr)
        return 2
    if is_alive(var_dir(), arguments[0]):
        return 0
    print(f"The {arguments[0]} has said nothing for a minute.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
