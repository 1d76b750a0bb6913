"""Pages of a tenant's host about chatbots and what was said to them."""

from django.urls import path

from conversations.pages import chatbots, installing, overview, transcripts

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("conversations", transcripts.conversations, name="conversations"),
    path("conversations/<uuid:conversation_id>", transcripts.conversation, name="conversation"),
    path(
        "conversations/<uuid:conversation_id>/delete",
        transcripts.delete_conversation,
        name="delete_conversation",
    ),
    path(
        "conversations/<uuid:conversation_id>/turns/<uuid:turn_id>",
        transcripts.explanation,
        name="explanation",
    ),
    path("chatbots", chatbots.chatbots, name="chatbots"),
    path("chatbots/create", chatbots.create_chatbot, name="create_chatbot"),
    path("chatbots/<uuid:chatbot_id>", chatbots.chatbot, name="chatbot"),
    path("chatbots/<uuid:chatbot_id>/save", chatbots.save_chatbot, name="save_chatbot"),
    path("chatbots/<uuid:chatbot_id>/delete", chatbots.delete_chatbot, name="delete_chatbot"),
    path("chatbots/<uuid:chatbot_id>/install", installing.install, name="install"),
    path("chatbots/<uuid:chatbot_id>/install/seen", installing.sightings, name="sightings"),
    path("chatbots/<uuid:chatbot_id>/install/key", installing.make_key, name="make_key"),
    path("install", installing.install_first, name="install_first"),
]
