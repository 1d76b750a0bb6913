"""Work tickets: what waits, runs and failed; tried again or cancelled."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from chatbot_saas.backoffice.base import OperatorAdmin, operation
from chatbot_saas.backoffice.site import site
from tenants.models import WorkTicket
from tenants.work.tickets import cancel_waiting, retry_failed


@admin.register(WorkTicket, site=site)
class WorkTicketAdmin(OperatorAdmin):
    list_display = ("kind", "workspace", "status", "attempts", "due_at", "finished_at", "error")
    list_filter = ("status", "kind")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "error")
    ordering = ("-created_at",)
    fields = (
        *("kind", "workspace", "status", "concerns", "attempts", "max_attempts", "error"),
        *("created_at", "due_at", "lease_until", "finished_at"),
    )
    actions_detail = ("retry", "cancel")

    def applies(self, row: WorkTicket, name: str) -> bool:
        return row.status == {"retry": "failed", "cancel": "waiting"}[name]

    @admin.display(description="concerns")
    def concerns(self, row: WorkTicket) -> str:
        """Ids alone: a payload holds no content."""
        return ", ".join(f"{name} {value}" for name, value in row.payload.items()) or "–"

    @operation("Try again", url_path="retry")
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Try this ticket again",
            text="It begins again with its first attempt, as soon as a worker is free.",
            act=lambda row, _: retry_failed(row.pk),
        )

    @operation("Cancel", url_path="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Cancel this ticket",
            text="It will not be done, and what it is for is shown as failed to its workspace.",
            act=lambda row, _: cancel_waiting(row.pk),
        )
