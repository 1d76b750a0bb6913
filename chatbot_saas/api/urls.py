"""Routes of the developers' API, with the description of it."""

from django.urls import URLPattern, URLResolver, path

from chatbot_saas.api import (
    budget,
    chat_completions,
    conversations,
    documents,
    embeddings,
    keys,
    models,
    reference,
    tokens,
    turns,
    usage,
)
from chatbot_saas.api.chatbots import avatars, identity_secrets, resource

urlpatterns: list[URLPattern | URLResolver] = [
    path("docs/api", reference.page, name="reference"),
    path("v1/openapi.json", reference.Description.as_view(), name="openapi"),
    path("v1/chat/completions", chat_completions.create_completion),
    path("v1/embeddings", embeddings.create_embeddings),
    path("v1/chatbots/<uuid:chatbot_id>/turns", turns.create_turn),
    path("v1/chatbots/<uuid:chatbot_id>/turns/<uuid:turn_id>/events", turns.turn_events),
    *models.urlpatterns,
    *resource.urlpatterns,
    *avatars.urlpatterns,
    *identity_secrets.urlpatterns,
    *conversations.urlpatterns,
    *documents.urlpatterns,
    *usage.urlpatterns,
    *budget.urlpatterns,
    *keys.urlpatterns,
    *tokens.urlpatterns,
    path("v1/<path:rest>", reference.nothing_here),
]
