"""Every route of the platform and of the tenants' hosts."""

from django.urls import URLPattern, URLResolver, include, path

from chatbot_saas import errors, health
from chatbot_saas.demo import shop

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("demo/shop", shop.page),
    path("demo/shop.css", shop.stylesheet),
    path("", include("knowledge.urls")),
    path("", include("conversations.urls")),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
