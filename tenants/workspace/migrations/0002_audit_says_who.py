from django.db import migrations, models

# What was written before is told with the names of today; whose account is gone keeps the id.
PEOPLE = """
UPDATE workspace_auditevent AS event
SET actor_kind = 'member', actor_name = left(person.name, 150), actor_address = person.email
FROM (
    SELECT DISTINCT actor, CASE WHEN actor ~ '^[0-9a-f-]{36}$' THEN actor::uuid END AS id
    FROM workspace_auditevent
) AS said JOIN public.tenants_user AS person ON person.id = said.id
WHERE event.actor = said.actor
"""
KEYS = """
UPDATE workspace_auditevent AS event
SET actor_kind = 'key', actor_name = key.name, actor_address = key.hint
FROM (
    SELECT DISTINCT actor, CASE WHEN actor ~ '^[0-9a-f-]{36}$' THEN actor::uuid END AS id
    FROM workspace_auditevent
) AS said JOIN public.tenants_apikey AS key ON key.id = said.id
WHERE event.actor = said.actor
"""
PLATFORM = """
UPDATE workspace_auditevent SET actor_kind = 'platform' WHERE actor !~ '^[0-9a-f-]{36}$'
"""
TARGETS = """
UPDATE workspace_auditevent AS event SET target_name = named.name
FROM (
    SELECT id::text AS id, coalesce(nullif(name, ''), email) AS name FROM public.tenants_user
    WHERE id IN (SELECT CASE WHEN target ~ '^[0-9a-f-]{36}$' THEN target::uuid END FROM workspace_auditevent
                 WHERE action IN ('member.joined', 'member.removed', 'member.role_changed'))
    UNION ALL
    SELECT id::text, email FROM public.tenants_invitation
    WHERE id IN (SELECT CASE WHEN target ~ '^[0-9a-f-]{36}$' THEN target::uuid END FROM workspace_auditevent
                 WHERE action IN ('member.invited', 'member.invitation_revoked'))
    UNION ALL
    SELECT id::text, coalesce(nullif(name, ''), hint) FROM public.tenants_apikey
    WHERE id IN (SELECT CASE WHEN target ~ '^[0-9a-f-]{36}$' THEN target::uuid END FROM workspace_auditevent
                 WHERE action IN ('key.created', 'key.revoked'))
) AS named WHERE event.target = named.id
"""
# Keys of before know their makers from this trail: a person, or a key whose maker is known by then.
MAKERS = """
UPDATE public.tenants_apikey AS key SET maker_id = event.actor::uuid
FROM workspace_auditevent AS event
WHERE event.action = 'key.created' AND event.actor_kind = 'member'
    AND event.target = key.id::text AND key.maker_id IS NULL
"""
MADE_WITH = """
UPDATE public.tenants_apikey AS key SET maker_id = tool.maker_id, made_with_id = tool.id
FROM workspace_auditevent AS event
JOIN public.tenants_apikey AS tool ON event.actor = tool.id::text
WHERE event.action = 'key.created' AND event.actor_kind = 'key'
    AND event.target = key.id::text AND key.maker_id IS NULL
"""


def text_field(name: str, length: int) -> migrations.AddField:
    field = models.CharField(blank=True, db_default="", max_length=length)
    return migrations.AddField("auditevent", name, field)


class Migration(migrations.Migration):
    dependencies = [("workspace", "0001_initial"), ("tenants", "0009_keys_know_their_maker")]

    operations = [
        migrations.AddField(
            "auditevent",
            "actor_kind",
            models.CharField(
                blank=True,
                choices=[("member", "Member"), ("key", "Key"), ("platform", "Platform")],
                db_default="",
                max_length=8,
            ),
        ),
        text_field("actor_name", 150),
        text_field("actor_address", 254),
        text_field("ip", 45),
        text_field("target_name", 255),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["actor", "-id"], name="audit_by_actor")
        ),
        *(
            migrations.RunSQL(statement, migrations.RunSQL.noop)
            for statement in (PEOPLE, KEYS, PLATFORM, TARGETS, MAKERS, MADE_WITH)
        ),
    ]
