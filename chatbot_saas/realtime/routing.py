"""Sockets by path."""

from django.urls import path, re_path

from chatbot_saas.realtime.consumer import chat_socket, no_such_socket

websocket_urlpatterns = [
    path("ws/chat/", chat_socket),  # type: ignore[arg-type]
    re_path(r"", no_such_socket),  # type: ignore[arg-type]
]
