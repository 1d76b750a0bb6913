"""The conversations app: chatbots, conversations and turns of one tenant."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations.history import removal  # noqa: F401  (registers the ticket's handler)
