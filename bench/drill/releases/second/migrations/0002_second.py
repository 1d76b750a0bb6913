from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspace", "0001_initial")]
    operations = [migrations.AddField("auditevent", "second", models.TextField(default=""))]
