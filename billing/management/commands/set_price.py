"""Set what a model's tokens cost from now on."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.catalog.services import set_price
from core.errors import InvalidRequest


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise CommandError(f"“{text}” is not an amount in US dollars.") from error


class Command(BaseCommand):
    help = "Sets a model's price in US dollars per million tokens, from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model")
        parser.add_argument("input", type=_dollars, help="per million tokens read")
        parser.add_argument("output", type=_dollars, help="per million tokens written")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            set_price(
                model=options["model"],
                input_per_million=options["input"],
                output_per_million=options["output"],
            )
        except InvalidRequest as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{options['model']}: priced from now on")
