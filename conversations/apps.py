"""The conversations app: chatbots, conversations and turns of one tenant."""

from importlib import import_module

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        # These register what they do for the layers below.
        for name in ("chatbots.identity_secrets", "chatbots.onboarding", "history.removal"):
            import_module(f"conversations.{name}")
