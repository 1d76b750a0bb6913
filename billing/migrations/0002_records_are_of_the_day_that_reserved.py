"""A usage record says when its turn was reserved, no longer when it was written. Nothing changes in the
tables."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="usagerecord",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
    ]
