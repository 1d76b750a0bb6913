"""The conversations app: chatbots, conversations and turns of one tenant."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
