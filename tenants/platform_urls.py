"""Pages of the platform's own hosts about people."""

from django.urls import path

from tenants.views import passwords, signing_in, workspaces

urlpatterns = [
    path("", workspaces.start, name="start"),
    path("login", signing_in.log_in, name="login"),
    path("logout", signing_in.log_out, name="logout"),
    path("password/forgotten", passwords.forgotten, name="forgotten"),
    path("password/reset/<str:account>/<str:token>", passwords.reset, name="reset"),
    path("workspaces", workspaces.workspaces, name="workspaces"),
    path("workspaces/<uuid:tenant_id>/enter", workspaces.enter_workspace, name="enter_workspace"),
]
