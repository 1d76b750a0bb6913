"""Who was told that a month's limit is nearly used."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_holds_of_no_message")]

    operations = [
        migrations.CreateModel(
            name="QuotaNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField()),
                ("percent", models.PositiveSmallIntegerField()),
                ("messages_limit", models.PositiveIntegerField()),
                ("cost_limit", models.DecimalField(decimal_places=9, max_digits=20)),
                ("recipient", models.CharField(blank=True, default="", max_length=36)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "starts_on",
                            "percent",
                            "messages_limit",
                            "cost_limit",
                            "recipient",
                        ),
                        name="quota_notice_once",
                    )
                ],
            },
        ),
    ]
