"""Daphne's `runserver`, on a database in which a query without a tenant is refused."""

from daphne.management.commands.runserver import Command as DaphneCommand

from chatbot_saas.serve import LARGEST_FRAME


class Command(DaphneCommand):
    def check_migrations(self) -> None:
        """Left out: it queries outside of any context, which is refused. `manage.py` has migrated the
        embedded servers before this; for others it is `migrate_tenants` that does it."""

    def handle(self, *args: object, **options: object) -> None:
        for name in ("websocket_max_message_size", "websocket_max_frame_size"):
            if options[name] is None:
                options[name] = LARGEST_FRAME
        super().handle(*args, **options)
