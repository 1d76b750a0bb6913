"""Routes of the operator's admin, with everything that is in it."""

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from chatbot_saas.backoffice import people, plans, work, workspaces
from chatbot_saas.backoffice.site import site

SECTIONS = (workspaces, people, plans, work)

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", site.urls),
]
