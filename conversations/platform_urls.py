"""Pages of the platform's own hosts that make workspaces."""

from django.urls import path

from conversations import sign_up

urlpatterns = [
    path("signup", sign_up.sign_up, name="sign_up"),
    path("workspaces/new", sign_up.new_workspace, name="new_workspace"),
]
