"""Metering in the tenant's own schema: quota periods, holds, usage records, the tenant's budget."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from core.ids import new_id

ALERT_THRESHOLDS = (80, 100)
_PERCENTS = ArrayField(models.PositiveSmallIntegerField())
_USERS = ArrayField(models.UUIDField())


def usual_thresholds() -> list[int]:
    return list(ALERT_THRESHOLDS)


class QuotaPeriod(models.Model):
    """What is used and held in one calendar month (UTC). One row, so one UPDATE reserves it all."""

    starts_on = models.DateField(primary_key=True)
    messages_used = models.PositiveIntegerField(default=0)
    messages_held = models.PositiveIntegerField(default=0)
    cost_used = models.DecimalField(max_digits=20, decimal_places=9, default=0)
    cost_held = models.DecimalField(max_digits=20, decimal_places=9, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cost_held__gte=0), name="quota_cost_held_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on:%Y-%m}"


class Hold(models.Model):
    """What a running turn has reserved. Settled or released exactly once, by removing the row."""

    turn_id = models.UUIDField(primary_key=True)
    starts_on = models.DateField()
    cost = models.DecimalField(max_digits=20, decimal_places=9)
    # None of the plan's for a member's preview.
    messages = models.PositiveSmallIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.turn_id)


class QuotaNotice(models.Model):
    """That a month's limit is used to so many percent, and who was told by mail: the plan's at 80 and
    100, the workspace's own budget at these and where it wants to be alerted.

    The row without a recipient is written with the turn that got there; each further one with its mail.
    Of another limit in the same month people are told anew.
    """

    starts_on = models.DateField()
    percent = models.PositiveSmallIntegerField()
    is_budget = models.BooleanField(default=False, db_default=False)
    # 0 of a budget, which is one of money alone.
    messages_limit = models.PositiveIntegerField()
    cost_limit = models.DecimalField(max_digits=20, decimal_places=9)
    recipient = models.CharField(max_length=36, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("starts_on", "percent", "is_budget", "messages_limit", "cost_limit"),
                    "recipient",
                ],
                name="quota_notice_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on:%Y-%m}: {self.percent} %"


class UsageRecord(models.Model):
    """One turn's use: an append-only fact that keeps the price it was charged at."""

    class Source(models.TextChoices):
        REPORTED = "reported"
        ESTIMATED = "estimated"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    turn_id = models.UUIDField(unique=True)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=100)
    tokens_in = models.PositiveIntegerField()
    tokens_out = models.PositiveIntegerField()
    source = models.CharField(max_length=9, choices=Source)
    input_per_million = models.DecimalField(max_digits=20, decimal_places=9)
    output_per_million = models.DecimalField(max_digits=20, decimal_places=9)
    cost = models.DecimalField(max_digits=20, decimal_places=9, help_text="US dollars.")
    # When the turn was reserved: the day of this record is in the month that its charge went to.
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table_comment = "append-only"
        indexes = [models.Index(fields=["created_at"], name="usage_by_time")]

    def __str__(self) -> str:
        return f"{self.model} {self.cost:f}"


class Budget(models.Model):
    """The most that the tenant itself wants to spend in a month, in US dollars; none without an amount.
    At most one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    cost_per_month = models.DecimalField(max_digits=20, decimal_places=9, null=True)
    # Percent of the amount, ascending. With none, nobody is alerted.
    alert_thresholds = ArrayField(
        models.PositiveSmallIntegerField(),
        default=usual_thresholds,
        db_default=models.Value(list(ALERT_THRESHOLDS), _PERCENTS),
    )
    # Users of the shared schema. None: the workspace's owners and admins.
    alert_recipients = ArrayField(
        models.UUIDField(), default=list, db_default=models.Value([], _USERS)
    )
    # Who changed it last, as they were called then.
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=254, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return "" if self.cost_per_month is None else f"{self.cost_per_month:f}"
