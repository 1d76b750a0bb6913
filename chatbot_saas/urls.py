"""Routes of tenants' hosts."""

from django.urls import URLPattern, URLResolver, include, path

from chatbot_saas import errors
from chatbot_saas.shared_urls import shared_urlpatterns

urlpatterns: list[URLPattern | URLResolver] = [
    *shared_urlpatterns,
    path("", include("chatbot_saas.dashboard.urls")),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
