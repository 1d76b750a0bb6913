from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_addresses_are_confirmed")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="maker_id",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="made_with_id",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
    ]
