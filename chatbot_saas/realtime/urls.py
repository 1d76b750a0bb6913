"""Routes of the chat over HTTP."""

from django.urls import path

from chatbot_saas.realtime.over_http import chat

urlpatterns = [path("sse/chat/", chat, name="chat_over_http")]
