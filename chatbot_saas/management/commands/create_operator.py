"""Make an account that may enter the operator's admin."""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.people.addresses import check_address
from tenants.people.operators import make_operator


class Command(BaseCommand):
    help = "Makes an operator, or gives one a new password, and prints the password this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_address(options["email"])
        except ValidationError as error:
            raise CommandError(f"“{options['email']}” is not an e-mail address.") from error
        # Made here: a password on a command line stays in the shell's history.
        password = secrets.token_urlsafe(16)
        make_operator(email=options["email"], password=password)
        self.stdout.write(f"{options['email']}\n{password}")
