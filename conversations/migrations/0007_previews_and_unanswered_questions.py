from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0006_the_look_of_a_chatbot")]

    operations = [
        migrations.AlterField(
            model_name="conversation",
            name="channel",
            field=models.CharField(
                choices=[
                    ("widget", "Widget"),
                    ("api", "Api"),
                    ("completions", "Completions"),
                    ("preview", "Preview"),
                ],
                default="widget",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("channel", "preview")),
                fields=["id"],
                name="conversation_preview",
            ),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(
                condition=models.Q(
                    ("answered", False), ("status__in", ["failed", "interrupted"]), _connector="OR"
                ),
                fields=["started_at"],
                name="turn_unanswered",
            ),
        ),
    ]
