"""Routes that answer on every host: the API, the widget and the probes."""

from django.urls import URLPattern, URLResolver, include, path

from chatbot_saas import health
from chatbot_saas.demo import shop
from chatbot_saas.web import brand

shared_urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("brand/<str:name>", brand.logo, name="operator_logo"),
    path("demo/shop", shop.page, name="demo_shop"),
    path("demo/shop.css", shop.stylesheet),
    path("", include("chatbot_saas.api.urls")),
    path("", include("chatbot_saas.widget.urls")),
    path("", include("chatbot_saas.realtime.urls")),
]
