"""The plans and prices a new platform starts with."""

from decimal import Decimal
from typing import Any

from django.db import migrations

PLANS = [
    ("free", "Free", 500, Decimal(5), 30, 10, 50),
    ("team", "Team", 20_000, Decimal(200), 120, 20, 2_000),
    # Whoever tries the product out drives it by program: 10,000 turns a day, 240 a minute.
    ("demo", "Demo", 310_000, Decimal(500), 600, 240, 1_000),
    # The platform's own scratch workspaces, such as those that measure retrieval.
    ("internal", "Internal", 2**31 - 1, Decimal(10**9), 10**6, 10**6, 2**31 - 1),
]
# US dollars per million tokens: OpenAI's list prices (https://openai.com/api/pricing/, 2026-11).
# The offline answerer runs on our own machine and costs nothing.
PRICES = [
    ("offline", Decimal(0), Decimal(0)),
    ("gpt-5-nano", Decimal("0.05"), Decimal("0.40")),
    ("gpt-5-mini", Decimal("0.25"), Decimal("2.00")),
    ("gpt-5", Decimal("1.25"), Decimal("10.00")),
]


def add_plans_and_prices(apps: Any, schema_editor: Any) -> None:
    plan, price = apps.get_model("catalog", "Plan"), apps.get_model("catalog", "Price")
    fields = (
        "code",
        "name",
        "messages_per_month",
        "cost_per_month",
        "turns_per_minute",
        "visitor_turns_per_minute",
        "documents",
    )
    plan.objects.bulk_create(plan(**dict(zip(fields, row, strict=True))) for row in PLANS)
    price.objects.bulk_create(
        price(
            model=model,
            input_per_million=input_price,
            output_per_million=output_price,
            valid_from="2025-01-01T00:00:00Z",
        )
        for model, input_price, output_price in PRICES
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(add_plans_and_prices, migrations.RunPython.noop)]
