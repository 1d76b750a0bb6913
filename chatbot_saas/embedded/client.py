"""`python -m chatbot_saas.embedded.client PROGRAM …`: one of PostgreSQL's own programs (psql,
pg_basebackup, pg_receivewal) on the embedded server, as its superuser. For who has the shell."""

import os
import sys

from chatbot_saas.embedded.binaries import find_binaries
from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.layout import SUPERUSER, Layout, read_layout
from chatbot_saas.embedded.process import server_env
from chatbot_saas.mode import var_dir


def client_env(layout: Layout) -> dict[str, str]:
    """How a program finds the server and gets in; a password on a command line would be seen."""
    return {
        **server_env(),
        "PGHOST": str(layout.postgres_sockets),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": layout.credentials.superuser,
    }


def main(argv: list[str]) -> None:
    try:
        layout = read_layout(var_dir())
        program = find_binaries(layout.account).postgres_bin / (argv[0] if argv else "")
    except EmbeddedError as error:
        sys.exit(str(error))
    if not argv or "/" in argv[0] or not program.is_file():
        sys.exit(f"Name one of the programs in {program.parent}, such as pg_basebackup.")
    os.execve(program, [str(program), *argv[1:]], client_env(layout))  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
