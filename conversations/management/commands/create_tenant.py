"""`manage.py create_tenant SLUG`: a workspace with its first chatbot and keys."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.chatbots.onboarding import Workspace, create_workspace
from core.errors import AppError


class Command(BaseCommand):
    help = "Creates a workspace and prints its keys. The secret key is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="address of the workspace, like acme")
        parser.add_argument("--name", default="", help="its name (default: the slug)")
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            help="a page's origin that may use the chatbot; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace = create_workspace(
                slug=options["slug"],
                name=options["name"] or options["slug"],
                origins=options["origin"],
            )
        except AppError as error:
            raise CommandError(error.message) from error
        values = _values(workspace)
        if options["json"]:
            self.stdout.write(json.dumps(values))
            return
        for name, value in values.items():
            self.stdout.write(f"{name}: {value}")


def _values(workspace: Workspace) -> dict[str, str]:
    return {
        "tenant_id": str(workspace.tenant.id),
        "host": workspace.tenant.host,
        "secret_key": workspace.secret_key,
        "publishable_key": workspace.publishable_key,
        "chatbot_id": str(workspace.chatbot_id),
    }
