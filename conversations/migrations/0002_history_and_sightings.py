import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# What is there already was asked, and answered or not, too.
LAST_MESSAGES = """
UPDATE conversations_conversation AS conversation SET last_message_at = latest.started_at
FROM (SELECT conversation_id, max(started_at) AS started_at
      FROM conversations_turn GROUP BY conversation_id) AS latest
WHERE latest.conversation_id = conversation.id
"""
ANSWERED = """
UPDATE conversations_turn AS turn SET answered = EXISTS (
    SELECT FROM conversations_message AS message
    JOIN conversations_citation AS citation ON citation.message_id = message.id
    WHERE message.turn_id = turn.id)
WHERE status IN ('completed', 'interrupted', 'failed')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0001_conversations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(max_length=300)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                (
                    "chatbot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sightings",
                        to="conversations.chatbot",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chatbot", "origin"), name="sighting_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="conversation",
            name="last_message_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="turn",
            name="answered",
            field=models.BooleanField(null=True),
        ),
        migrations.RunSQL(LAST_MESSAGES, migrations.RunSQL.noop),
        migrations.RunSQL(ANSWERED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("last_message_at__isnull", False)),
                fields=["last_message_at", "id"],
                name="conversation_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("last_message_at__isnull", False)),
                fields=["chatbot", "last_message_at", "id"],
                name="conversation_of_bot_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("text", config="simple"),
                name="message_words",
            ),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(
                fields=["started_at"], include=("answered", "conversation"), name="turn_by_time"
            ),
        ),
    ]
