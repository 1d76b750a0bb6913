"""Routes that answer on every host: the API, the widget and the probes."""

from django.urls import URLPattern, URLResolver, include, path

from chatbot_saas import health, reference
from chatbot_saas.demo import shop

shared_urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("demo/shop", shop.page),
    path("demo/shop.css", shop.stylesheet),
    path("docs/api", reference.page, name="reference"),
    path("v1/openapi.json", reference.openapi),
    path("", include("tenants.urls")),
    path("", include("billing.urls")),
    path("", include("knowledge.urls")),
    path("", include("conversations.urls")),
    path("v1/<path:rest>", reference.nothing_here),
]
