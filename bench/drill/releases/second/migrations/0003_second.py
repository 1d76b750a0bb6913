from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspace", "0002_audit_says_who")]
    operations = [migrations.AddField("auditevent", "second", models.TextField(default=""))]
