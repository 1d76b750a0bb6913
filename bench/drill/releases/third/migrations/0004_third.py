from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspace", "0003_second")]
    operations = [migrations.AddField("auditevent", "third", models.TextField(default=""))]
