"""People, their memberships and the keys of their programs. No password, secret or digest is shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import TabularInline

from chatbot_saas.backoffice.base import OperatorAdmin, actor, once, operation
from chatbot_saas.backoffice.site import site
from core.errors import InvalidRequest
from tenants.keys.api_keys import revoke_key
from tenants.models import APIKey, Membership, User
from tenants.people import second_factor
from tenants.people.operators import set_active, vouch_for


class MembershipInline(TabularInline):
    model = Membership
    fields = ("tenant", "role", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("tenant")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User, site=site)
class UserAdmin(OperatorAdmin):
    list_display = (
        *("email", "name", "confirmed_at", "is_active", "is_staff"),
        *("workspaces", "last_login"),
    )
    list_filter = ("is_active", "is_staff", ("confirmed_at", admin.EmptyFieldListFilter))
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (
        *("email", "name", "is_active", "is_staff", "is_superuser"),
        *("has_second_factor", "created_at", "confirmed_at", "last_login"),
    )
    inlines = (MembershipInline,)
    actions_detail = ("deactivate", "reactivate", "confirm_address", "forget_second_factor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people = super().get_queryset(request).defer("password")
        return people.annotate(membership_count=Count("memberships"))

    def applies(self, row: User, name: str) -> bool:
        if name == "forget_second_factor":
            return row.is_staff
        if name == "confirm_address":
            return row.confirmed_at is None
        return row.is_active == (name == "deactivate")

    @admin.display(ordering="membership_count")
    def workspaces(self, row: Any) -> int:
        return int(row.membership_count)

    @admin.display(boolean=True, description="second factor")
    @once
    def has_second_factor(self, row: User) -> bool:
        return second_factor.is_enrolled(row.pk)

    @operation("Deactivate", url_path="deactivate")
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(row: User, _: Any) -> None:
            if row.pk == request.user.pk:
                raise InvalidRequest("This is your own account.")
            set_active(user_id=row.pk, active=False, actor=actor(request))

        text = "They cannot log in any more, and their sessions end. Memberships stay."
        return self.ask(request, object_id, title="Deactivate this account", text=text, act=act)

    @operation("Reactivate", url_path="reactivate")
    def reactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Reactivate this account",
            text="They can log in again.",
            act=lambda row, _: set_active(user_id=row.pk, active=True, actor=actor(request)),
        )

    @operation("Confirm the address", url_path="confirm")
    def confirm_address(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Confirm the address of this account",
            text="For whom no mail can reach. Be sure that the address is theirs: it opens everything "
            "that is sent or invited there.",
            act=lambda row, _: vouch_for(user_id=row.pk, actor=actor(request)),
        )

    @operation("Reset second factor", url_path="second-factor")
    def forget_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Reset this operator's second factor",
            text="The next log-in with their password sets up a new one. Be sure who asks.",
            act=lambda row, _: second_factor.reset(row.pk, actor=actor(request)),
        )


@admin.register(Membership, site=site)
class MembershipAdmin(OperatorAdmin):
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "tenant__slug")
    ordering = ("-created_at",)
    fields = ("user", "workspace", "role", "created_at")


@admin.register(APIKey, site=site)
class APIKeyAdmin(OperatorAdmin):
    """`plain` is what stands in a customer's page, and is not shown here either."""

    list_display = ("hint", "workspace", "kind", "name", "created_at", "last_used_at", "revoked_at")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "name", "hint")
    ordering = ("-created_at",)
    fields = (
        *("hint", "workspace", "kind", "name", "reach", "chatbot_id"),
        *("created_at", "expires_at", "last_used_at", "revoked_at"),
    )
    actions_detail = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[APIKey]:
        return super().get_queryset(request).defer("digest", "plain")

    def applies(self, row: APIKey, name: str) -> bool:
        return row.revoked_at is None

    @admin.display(description="scopes")
    def reach(self, row: APIKey) -> str:
        return ", ".join(row.scopes)

    @operation("Revoke", url_path="revoke")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(row: APIKey, _: Any) -> None:
            revoke_key(tenant_id=row.tenant_id, key_id=row.pk, actor=actor(request))

        text = "It ends at once, for good. Chats that were opened with it close within a minute."
        return self.ask(request, object_id, title="Revoke this key", text=text, act=act)
