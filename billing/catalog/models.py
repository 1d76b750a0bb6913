"""Plans, subscriptions and dated prices. A tenant without a subscription is on the free plan."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from billing.currencies import CODES, fraction_digits
from core.ids import new_id
from tenants.models import Tenant

_NOT_NEGATIVE = MinValueValidator(0)


class Plan(models.Model):
    """What a tenant may use, and what the start page says of it. Limits are per calendar month (UTC)
    unless named otherwise."""

    code = models.SlugField(max_length=30, primary_key=True)
    name = models.CharField(max_length=60)
    messages_per_month = models.PositiveIntegerField()
    cost_per_month = models.DecimalField(
        max_digits=20, decimal_places=9, validators=[_NOT_NEGATIVE], help_text="US dollars."
    )
    turns_per_minute = models.PositiveIntegerField()
    visitor_turns_per_minute = models.PositiveIntegerField()
    documents = models.PositiveIntegerField(help_text="How many documents may be kept.")
    is_public = models.BooleanField(
        "on the start page", default=False, db_default=False, help_text="Anybody sees it there."
    )
    position = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Plans with a smaller number come first."
    )
    price_per_month = models.DecimalField(
        max_digits=11,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[_NOT_NEGATIVE],
        help_text="What the start page says; nothing is charged by it. 0: free. Empty: on request.",
    )
    currency = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        help_text="Of that price: a code of ISO 4217, such as EUR.",
    )
    description = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="Whom it is for, in a line.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price_per_month__isnull=True) | ~models.Q(currency=""),
                name="plan_price_has_currency",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        price, currency = self.price_per_month, self.currency
        if currency and currency not in CODES:
            told = "Write the currency's code of ISO 4217 in capitals, such as EUR."
            raise ValidationError({"currency": told})
        if price is None:
            return
        if not currency:
            raise ValidationError({"currency": "A price needs its currency."})
        if price != round(price, fraction_digits(currency)):
            told = f"{currency} has no smaller unit: write a whole number."
            raise ValidationError({"price_per_month": told})


class Subscription(models.Model):
    """Which plan a tenant is on."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.OneToOneField(Tenant, models.CASCADE, related_name="subscription")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="subscriptions")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.plan_id


class Price(models.Model):
    """What a model's tokens cost from a date on. A usage record keeps the price it was charged at."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    model = models.CharField(max_length=100)
    # US dollars per million tokens, as providers quote it.
    input_per_million = models.DecimalField(
        max_digits=20, decimal_places=9, validators=[_NOT_NEGATIVE]
    )
    output_per_million = models.DecimalField(
        max_digits=20, decimal_places=9, validators=[_NOT_NEGATIVE]
    )
    valid_from = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "valid_from"], name="price_dated")]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from:%Y-%m-%d}"


class QuotaOverride(models.Model):
    """Other limits than the plan's for one tenant, for a while. An empty limit is the plan's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="quota_overrides")
    messages_per_month = models.PositiveIntegerField(null=True, blank=True)
    cost_per_month = models.DecimalField(
        max_digits=20,
        decimal_places=9,
        null=True,
        blank=True,
        validators=[_NOT_NEGATIVE],
        help_text="US dollars.",
    )
    turns_per_minute = models.PositiveIntegerField(null=True, blank=True)
    documents = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    created_by = models.CharField(max_length=254, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="UTC. From then on the plan's limits hold again.")

    class Meta:
        indexes = [models.Index(fields=["tenant", "expires_at"], name="override_by_tenant")]

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d}: {self.reason}"


class TenantUsageDay(models.Model):
    """What one tenant used of one model on one day (UTC): the sum of its usage records.

    Written with each record, so that the platform need not enter every tenant to know its costs.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="usage_days")
    day = models.DateField()
    model = models.CharField(max_length=100)
    turns = models.PositiveIntegerField()
    tokens_in = models.PositiveBigIntegerField()
    tokens_out = models.PositiveBigIntegerField()
    cost = models.DecimalField(max_digits=20, decimal_places=9, help_text="US dollars.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "day", "model"], name="usage_day_unique")
        ]
        indexes = [models.Index(fields=["day"], name="usage_day_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.model}"
