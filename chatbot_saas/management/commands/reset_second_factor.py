"""For an operator whose phone is gone."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import NotFound
from tenants.people.operators import forget_second_factor


class Command(BaseCommand):
    help = "Forgets an operator's second factor, so that the next log-in sets up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            had = forget_second_factor(options["email"])
        except NotFound as error:
            raise CommandError(error.message) from error
        self.stdout.write("It is forgotten." if had else "There was none.")
