"""Sockets by path."""

from django.urls import path, re_path

from chatbot_saas.realtime import listener
from chatbot_saas.realtime.consumer import ChatConsumer, RefusedSocket
from tenants import notices

notices.subscribe_with(listener.subscribe)
websocket_urlpatterns = [
    path("ws/chat/", ChatConsumer.as_asgi()),
    re_path(r"", RefusedSocket.as_asgi()),
]
