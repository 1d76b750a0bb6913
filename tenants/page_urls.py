"""Pages of a tenant's host about people."""

from django.urls import path

from tenants.views import account, audit, joining, keys, members, passwords, signing_in

urlpatterns = [
    path("login", signing_in.log_in, name="login"),
    path("logout", signing_in.log_out, name="logout"),
    path("enter", signing_in.enter, name="enter"),
    path("password/forgotten", passwords.forgotten, name="forgotten"),
    path("password/reset/<str:account>/<str:token>", passwords.reset, name="reset"),
    path("invitations/<str:raw>", joining.invitation, name="invitation"),
    path("account", account.account, name="account"),
    path("account/name", account.change_name, name="change_name"),
    path("account/password", account.set_password, name="set_password"),
    path("members", members.members, name="members"),
    path("members/invite", members.invite, name="invite"),
    path(
        "members/invitations/<uuid:invitation_id>/revoke",
        members.revoke_invitation,
        name="revoke_invitation",
    ),
    path("members/<uuid:membership_id>/role", members.change_role, name="change_role"),
    path("members/<uuid:membership_id>/remove", members.remove, name="remove_member"),
    path("audit", audit.audit, name="audit"),
    path("keys", keys.keys, name="keys"),
    path("keys/create", keys.create_key, name="create_key"),
    path("keys/<uuid:key_id>/revoke", keys.revoke_key, name="revoke_key"),
]
