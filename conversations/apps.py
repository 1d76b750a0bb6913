"""The conversations app: chatbots, conversations and turns of one tenant."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        # These register what they do for the layers below.
        from conversations.chatbots import identity_secrets, onboarding  # noqa: F401
        from conversations.history import removal  # noqa: F401
