#!/usr/bin/env python
"""Runs a management command, with the embedded servers where none are configured."""

import argparse
import os
import sys

from django.core.exceptions import ImproperlyConfigured

from chatbot_saas import embedded, preflight
from chatbot_saas.mode import embedded_servers, var_dir
from chatbot_saas.start_error import StartError
from chatbot_saas.supervision.up import add_arguments, up

NEED_NO_SERVER = frozenset(
    "check collectstatic compilemessages diffsettings findstatic help makemessages version "
    "-h --help --version".split()
)

# The steps of `up`, which migrates first; and what must run on tables of another release.
MIGRATE_THEMSELVES = frozenset("migrate migrate_tenants makemigrations demo".split())


def main() -> None:
    """Run the command of the command line; what stops a start is told in one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")
    try:
        run(sys.argv)
    except (StartError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")


def run(argv: list[str]) -> None:
    wanted = embedded_servers()
    if argv[1:2] == ["up"]:
        sys.exit(run_up(argv[2:]))
    if len(argv) < 2 or needs_no_server(argv):
        execute(argv)
    elif not wanted:
        preflight.check_servers()
        execute(argv)
    else:
        with embedded.servers(embedded.layout(var_dir()), wanted):
            preflight.check_servers()
            if argv[1] not in MIGRATE_THEMSELVES:
                migrate()
            execute(argv)


def needs_no_server(argv: list[str]) -> bool:
    reads_a_file = argv[1] == "verify_backup" and "--restore" not in argv
    return argv[1] in NEED_NO_SERVER or reads_a_file or "--help" in argv


def migrate() -> None:
    """Embedded servers are nobody else's, so a command may bring them up to date by itself."""
    import django

    django.setup()
    from django.core.management import call_command

    with open(os.devnull, "w") as nowhere:
        call_command("migrate_tenants", stdout=nowhere)


def execute(argv: list[str]) -> None:
    # Not at the top: the supervisor, which passes through this file too, needs none of it.
    from django.core.management import execute_from_command_line

    if argv[1:2] == ["runserver"]:
        run_development_server(argv)
    else:
        execute_from_command_line(argv)


def run_development_server(argv: list[str]) -> None:
    """Daphne's command with our changes. Django would take Daphne's own, as the first app's."""
    import django
    from django.utils.autoreload import check_errors

    # An error in the code is reported by the reloader, which then waits for the next change.
    check_errors(django.setup)()
    from chatbot_saas.development.runserver import Command

    Command().run_from_argv(argv)


def run_up(argv: list[str]) -> int:
    # Before Django is loaded: the supervisor stays in memory for as long as the product runs.
    parser = argparse.ArgumentParser("manage.py up", description="Run the whole product.")
    add_arguments(parser)
    options = parser.parse_args(argv)
    return up(demo=not options.no_demo, with_parent=options.with_parent)


if __name__ == "__main__":
    main()
