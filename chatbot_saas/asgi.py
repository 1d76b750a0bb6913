"""The ASGI application: HTTP to Django, sockets to their consumer."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")
http = get_asgi_application()

from chatbot_saas import observation
from chatbot_saas.gate.bodies import limit_body
from chatbot_saas.gate.refusals import repeat_refusals
from chatbot_saas.lifespan import lifespan
from chatbot_saas.realtime.routing import websocket_urlpatterns
from tenants.backend.limits import limit_requests

limit_requests()

# Before the first request, and after Django, whose integration it turns on.
observation.start()
application = ProtocolTypeRouter(
    {
        "http": limit_body(repeat_refusals(http)),
        "websocket": URLRouter(websocket_urlpatterns),
        "lifespan": lifespan,
    }
)
