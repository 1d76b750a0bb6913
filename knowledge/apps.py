from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """Documents of a tenant: ingestion and retrieval."""

    name = "knowledge"

    def ready(self) -> None:
        # Registers the ticket handler.
        from knowledge import ingestion  # noqa: F401
