"""Tables of the tenant's own schema that belong to no feature."""

from django.db import models

from core.ids import new_id


class AuditEvent(models.Model):
    """One security-relevant action. The tenant's role may add rows, never change or remove them.

    Names and addresses are those of the day: who is renamed, leaves or is deleted stays readable."""

    class Kind(models.TextChoices):
        MEMBER = "member"
        KEY = "key"
        PLATFORM = "platform"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.CharField(max_length=64)
    # A user, a key or `system`; users live in the shared schema, so this is no foreign key.
    actor = models.CharField(max_length=100)
    actor_kind = models.CharField(max_length=8, choices=Kind, blank=True, db_default="")
    # A person's name and e-mail address, or a key's name and hint; of the platform's people neither.
    actor_name = models.CharField(max_length=150, blank=True, db_default="")
    actor_address = models.CharField(max_length=254, blank=True, db_default="")
    # As text: a proxy may say what is no address, and then there is none.
    ip = models.CharField(max_length=45, blank=True, db_default="")
    target = models.CharField(max_length=100, blank=True)
    target_name = models.CharField(max_length=255, blank=True, db_default="")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table_comment = "append-only"
        ordering = ["-id"]
        # What one person did, and the latest name of each.
        indexes = [models.Index(fields=["actor", "-id"], name="audit_by_actor")]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
