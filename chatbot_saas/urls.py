"""Routes of tenants' hosts."""

from django.urls import URLPattern, URLResolver, include, path

from chatbot_saas import errors
from chatbot_saas.shared_urls import shared_urlpatterns

urlpatterns: list[URLPattern | URLResolver] = [
    *shared_urlpatterns,
    path("", include("tenants.page_urls")),
    path("", include("billing.page_urls")),
    path("", include("knowledge.page_urls")),
    path("", include("conversations.page_urls")),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
