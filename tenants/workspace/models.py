"""Tables of the tenant's own schema that belong to no feature."""

from django.db import models

from core.ids import new_id


class AuditEvent(models.Model):
    """One security-relevant action. The tenant's role may add rows, never change or remove them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.CharField(max_length=64)
    # A user, a key or `system`; users live in the shared schema, so this is no foreign key.
    actor = models.CharField(max_length=100)
    target = models.CharField(max_length=100, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table_comment = "append-only"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
