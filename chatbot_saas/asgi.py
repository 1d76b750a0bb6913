"""The ASGI application: HTTP to Django, sockets to their consumer."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")
http = get_asgi_application()

from chatbot_saas import observation  # noqa: E402  (Django must be set up first)
from chatbot_saas.body_limit import limit_body  # noqa: E402
from chatbot_saas.lifespan import lifespan  # noqa: E402
from chatbot_saas.realtime.routing import websocket_urlpatterns  # noqa: E402

# Before the first request, and after Django, whose integration it turns on.
observation.start()
application = ProtocolTypeRouter(
    {
        "http": limit_body(http),
        "websocket": URLRouter(websocket_urlpatterns),
        "lifespan": lifespan,
    }
)
