"""A member's preview holds money and none of the plan's messages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_records_are_of_the_day_that_reserved")]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="messages",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
    ]
