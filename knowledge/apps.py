from django.apps import AppConfig
from django.conf import settings


class KnowledgeConfig(AppConfig):
    """Documents of a tenant: ingestion and retrieval."""

    name = "knowledge"

    def ready(self) -> None:
        from knowledge import ingestion  # noqa: F401  (registers the ticket's handler)
        from knowledge.embeddings.registry import EmbeddingChoice, choose

        # Told here, because adapters know no settings.
        choose(
            EmbeddingChoice(
                base_url=settings.EMBEDDINGS_BASE_URL,
                api_key=settings.EMBEDDINGS_API_KEY,
                model=settings.EMBEDDINGS_MODEL,
                dimensions=settings.EMBEDDINGS_DIMENSIONS,
                threads=settings.EMBEDDINGS_THREADS,
            )
        )
