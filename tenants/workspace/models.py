"""Tables of the tenant's own schema that belong to no feature: the audit trail and the outbox."""

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


class OutboxKey(models.Model):
    """What an order belongs to, as a conversation: how many events it has had. Whoever writes one holds
    its row to the commit, so that numbers are those of commits, without a gap."""

    key = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.sequence}"


class OutboxEvent(models.Model):
    """Something that happened, to be delivered to the outside. It waits while neither `delivered_at` nor
    `set_aside_at` is set, and is not tried before `due_at`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.UUIDField()
    sequence = models.BigIntegerField()
    type = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0, db_default=0)
    error = models.CharField(max_length=300, blank=True, db_default="")
    delivered_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["key", "sequence"],
                condition=models.Q(delivered_at=None, set_aside_at=None),
                name="outbox_waiting",
            ),
            models.Index(
                fields=["delivered_at"],
                condition=models.Q(delivered_at__isnull=False),
                name="outbox_delivered",
            ),
            models.Index(
                fields=["set_aside_at"],
                # Both, so that it is chosen before the first statistics too.
                condition=models.Q(delivered_at=None, set_aside_at__isnull=False),
                name="outbox_set_aside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key} {self.sequence}"
