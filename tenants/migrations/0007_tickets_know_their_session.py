from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_roles_can_be_made_again")]

    operations = [
        migrations.AddField(
            model_name="entryticket",
            name="session_key",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
    ]
