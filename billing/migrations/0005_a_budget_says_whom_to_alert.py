"""At which parts of its budget a workspace alerts whom, and who set it."""

import django.contrib.postgres.fields
from django.db import migrations, models

import billing.models

_PERCENTS = django.contrib.postgres.fields.ArrayField(models.PositiveSmallIntegerField())
_USERS = django.contrib.postgres.fields.ArrayField(models.UUIDField())


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_quota_notices")]

    operations = [
        migrations.AlterField(
            model_name="budget",
            name="cost_per_month",
            field=models.DecimalField(decimal_places=9, max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name="budget",
            name="alert_thresholds",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                default=billing.models.usual_thresholds,
                db_default=models.Value([80, 100], _PERCENTS),
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="budget",
            name="alert_recipients",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                default=list,
                db_default=models.Value([], _USERS),
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="budget", name="changed_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="budget",
            name="changed_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="quotanotice",
            name="is_budget",
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.RemoveConstraint(model_name="quotanotice", name="quota_notice_once"),
        migrations.AddConstraint(
            model_name="quotanotice",
            constraint=models.UniqueConstraint(
                fields=(
                    "starts_on",
                    "percent",
                    "is_budget",
                    "messages_limit",
                    "cost_limit",
                    "recipient",
                ),
                name="quota_notice_once",
            ),
        ),
    ]
