"""Plans, subscriptions and dated prices. A tenant without a subscription is on the free plan."""

from django.db import models
from django.utils import timezone

from core.ids import new_id
from tenants.models import Tenant


class Plan(models.Model):
    """What a tenant may use. Limits are per calendar month (UTC) unless named otherwise."""

    code = models.SlugField(max_length=30, primary_key=True)
    name = models.CharField(max_length=60)
    messages_per_month = models.PositiveIntegerField()
    cost_per_month = models.DecimalField(max_digits=20, decimal_places=9, help_text="US dollars.")
    turns_per_minute = models.PositiveIntegerField()
    visitor_turns_per_minute = models.PositiveIntegerField()
    documents = models.PositiveIntegerField(help_text="How many documents may be kept.")

    def __str__(self) -> str:
        return self.name


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
    input_per_million = models.DecimalField(max_digits=20, decimal_places=9)
    output_per_million = models.DecimalField(max_digits=20, decimal_places=9)
    valid_from = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "valid_from"], name="price_dated")]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from:%Y-%m-%d}"
