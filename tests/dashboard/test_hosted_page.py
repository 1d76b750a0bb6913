"""A chatbot's own page, where there is none: a page for visitors, not for programs."""

from uuid import uuid4

import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import Tenant
from tests.live import Process
from tests.pages import PageClient


def suspend(workspace: Workspace) -> None:
    with platform_context():
        Tenant.objects.filter(pk=workspace.tenant.id).update(status=Tenant.Status.SUSPENDED)


def revoke(workspace: Workspace) -> None:
    api_keys.revoke_keys_of_chatbot(tenant_id=workspace.tenant.id, chatbot_id=workspace.chatbot_id)


@pytest.mark.parametrize(("undo", "status"), [(suspend, 403), (revoke, 404), (None, 404)])
def test_a_chat_that_is_away_says_so_kindly(
    web: Process, workspace: Workspace, undo: object, status: int
) -> None:
    with PageClient(web, workspace.tenant.host) as visitor:
        path = f"/c/{workspace.chatbot_id}"
        assert visitor.get(path).status_code == 200
        if callable(undo):
            undo(workspace)
        else:
            path = f"/c/{uuid4()}"
        answer = visitor.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "This chat is not available" in answer.text
    assert "suspended" not in answer.text
    assert "/login" not in answer.text


def test_the_pages_of_the_list_may_frame_it_and_what_is_no_entry_is_left_out(
    web: Process, workspace: Workspace
) -> None:
    listed = ["https://shop.example", "https://*.many.example", "https://*.com", "a; script-src *"]
    with tenant_context(workspace.tenant.id):
        Chatbot.objects.update(allowed_origins=listed)
    with PageClient(web, workspace.tenant.host) as visitor:
        policy = visitor.get(f"/c/{workspace.chatbot_id}").headers["content-security-policy"]
    frames = policy.partition("frame-ancestors ")[2]
    assert frames == "'self' https://shop.example https://*.many.example"
