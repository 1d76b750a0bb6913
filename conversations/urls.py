"""HTTP routes of the conversations."""

from django.urls import path

from conversations import chat_api, chatbot_api, history_api, openai_api, sse, widget

urlpatterns = [
    path("widget/<str:name>", widget.script, name="widget_script"),
    path("c/<uuid:chatbot_id>", widget.hosted_page, name="hosted_page"),
    path("v1/chat/completions", openai_api.create_completion),
    path("v1/chatbots/<uuid:chatbot_id>/turns", sse.create_turn),
    path("v1/chatbots/<uuid:chatbot_id>/turns/<uuid:turn_id>/events", sse.turn_events),
    *chat_api.urlpatterns,
    *chatbot_api.urlpatterns,
    *history_api.urlpatterns,
]
