"""Pages of the platform's own hosts: sign-up, logging in, the switcher of workspaces."""

from django.urls import URLPattern, path

from chatbot_saas.dashboard import confirmation, login, passwords, sign_up, workspaces

urlpatterns: list[URLPattern] = [
    path("", workspaces.start, name="start"),
    path("login", login.log_in, name="login"),
    path("logout", login.log_out, name="logout"),
    path("password/forgotten", passwords.forgotten, name="forgotten"),
    path("password/reset/<str:account>/<str:token>", passwords.reset, name="reset"),
    path("confirm/<str:token>", confirmation.confirm, name="confirm"),
    path(
        "workspaces/confirmation",
        confirmation.send_again_on_platform,
        name="send_confirmation",
    ),
    path("workspaces", workspaces.workspaces, name="workspaces"),
    path("workspaces/<uuid:tenant_id>/enter", workspaces.enter_workspace, name="enter_workspace"),
    path("signup", sign_up.sign_up, name="sign_up"),
    path("workspaces/new", sign_up.new_workspace, name="new_workspace"),
    path("workspaces/ready", sign_up.workspace_ready, name="workspace_ready"),
]
