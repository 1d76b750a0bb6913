from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL("LOCK TABLE public.busy_table IN ACCESS EXCLUSIVE MODE", "SELECT 1")
    ]
