"""Two workspaces with one of everything, and people of every role: what access tables are tried on."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from conversations.chatbots.identity_secrets import create_identity_secret
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot, Citation, Conversation, Message, Turn
from knowledge.models import Document
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import APIKey, Invitation, Membership
from tenants.people.roles import ROLES, Role
from tenants.workspace.models import AuditEvent
from tests.conversations.client import ingest
from tests.pages import Person, make_member

TEXT = "The night watch of the lighthouse begins at nine."


@dataclass(frozen=True, slots=True)
class World:
    """One workspace; `ids` by the names that routes give them."""

    workspace: Workspace
    people: dict[Role, Person]
    ids: dict[str, UUID]


def build(workspace: Workspace) -> World:
    tenant = workspace.tenant
    people: dict[Role, Person] = {role: make_member(tenant, role) for role in ROLES}
    document_id = ingest(tenant.id, "watch.txt", TEXT)
    with tenant_context(tenant.id):
        conversation_id, turn_id, message_id = _conversation(workspace.chatbot_id, document_id)
        secret_id = create_identity_secret(chatbot_id=workspace.chatbot_id).secret.id
    with platform_context():
        invitation = Invitation.objects.create(
            tenant_id=tenant.id,
            email=f"{uuid4().hex}@example.org",
            role="agent",
            digest=uuid4().hex,
            expires_at=timezone.now() + timedelta(days=1),
        )
        # Somebody who is nobody else here: roles are tried on them.
        membership = Membership.objects.get(
            tenant_id=tenant.id, user_id=make_member(tenant, "viewer").id
        )
    key = api_keys.issue_secret_key(tenant_id=tenant.id, name="Tried")
    ids = {
        "tenant_id": tenant.id,
        "chatbot_id": workspace.chatbot_id,
        "document_id": document_id,
        "conversation_id": conversation_id,
        "turn_id": turn_id,
        "message_id": message_id,
        "key_id": key.key.id,
        "secret_id": secret_id,
        "invitation_id": invitation.pk,
        "membership_id": membership.pk,
    }
    return World(workspace, people, ids)


def _conversation(chatbot_id: UUID, document_id: UUID) -> tuple[UUID, UUID, UUID]:
    now = timezone.now()
    conversation = Conversation.objects.create(chatbot_id=chatbot_id, visitor_id=uuid4())
    turn = Turn.objects.create(
        conversation=conversation,
        client_turn_id="tried",
        status="completed",
        owner="test",
        lease_until=now,
        started_at=now,
        ended_at=now,
        model="offline",
    )
    Message.objects.create(
        conversation=conversation, turn=turn, role="visitor", text="When?", created_at=now
    )
    reply = Message.objects.create(
        conversation=conversation, turn=turn, role="assistant", text=TEXT, created_at=now
    )
    Citation.objects.create(message=reply, n=1, document_id=document_id, title="watch", quote=TEXT)
    return conversation.pk, turn.pk, reply.pk


def snapshot(world: World) -> dict[str, object]:
    """Everything of a workspace that a request of another could have changed."""
    tenant_id = world.workspace.tenant.id
    with platform_context():
        shared: dict[str, object] = {
            "keys": list(
                APIKey.objects.filter(tenant_id=tenant_id).values_list("pk", "revoked_at")
            ),
            "members": list(
                Membership.objects.filter(tenant_id=tenant_id)
                .order_by("pk")
                .values_list("pk", "role")
            ),
            "invitations": list(
                Invitation.objects.filter(tenant_id=tenant_id).values_list("pk", "revoked_at")
            ),
        }
    with tenant_context(tenant_id):
        return {
            **shared,
            "identity_secrets": list(Chatbot.objects.values_list("pk", "identity_secrets")),
            "documents": list(Document.objects.values_list("pk", "status", "title")),
            "conversations": list(Conversation.objects.values_list("pk", flat=True)),
            "audited": list(AuditEvent.objects.values_list("pk", "action")),
            "messages": list(Message.objects.order_by("pk").values_list("pk", "text")),
        }
