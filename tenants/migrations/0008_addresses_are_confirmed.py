from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_tickets_know_their_session")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        # Who was here before has been let in by its address all along, and keeps what it has.
        migrations.RunSQL(
            "UPDATE tenants_user SET confirmed_at = created_at", migrations.RunSQL.noop
        ),
        migrations.AddIndex(
            model_name="user", index=models.Index(Lower("email"), name="user_email")
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(("confirmed_at__isnull", False)),
                name="user_proven_email_unique",
                violation_error_message="There is an account with this e-mail address already.",
            ),
        ),
        migrations.RemoveConstraint(model_name="user", name="user_email_unique"),
        migrations.AddField(
            model_name="invitation",
            name="mail_digest",
            field=models.CharField(max_length=64, null=True, unique=True),
        ),
    ]
