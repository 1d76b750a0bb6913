"""Run as a program in an installation of its own: several commands one after the other, which saves the
starts. Prints the exit code of each on a line of its own; what they say goes where it always goes."""

import shlex
import sys

import django
from django.core.management import CommandError, call_command


def main(*lines: str) -> None:
    django.setup()
    for line in lines:
        name, *arguments = shlex.split(line)
        try:
            call_command(name, *arguments)
            print(0)
        except CommandError as error:
            print(error.returncode)
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
