from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_keys_know_their_maker")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="expiry_warned_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
