"""Chatbots: making one, its settings, its preview and its way onto a page, deleting it."""

import re
from html import unescape
from typing import Any

import pytest

from conversations.chatbots import services as chatbots
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.refusals import MAX_REFUSED, list_refused, note_refused
from conversations.chatbots.services import ChatbotSettings
from conversations.chatbots.sightings import note_sighting
from knowledge.services import uploads_source
from tenants.context import tenant_context
from tenants.keys import api_keys
from tests.conversations.client import Chat
from tests.live import Process
from tests.pages import signed_in

FORM = {
    "name": "Night desk",
    "instructions": "Be brief.",
    "model": "",
    "color": "#0f766e",
    "welcome": "Good evening.",
    "suggested_questions": "When do you open?\n\nWhere are you?",
    "allowed_origins": "https://www.example.com",
    "contact_email": "help@example.com",
    "contact_phone": "+43 1 234 567",
    "unsupported_statements": "withhold",
    "unsourced_answers": "refuse",
    "theme": "dark",
    "position": "start",
    "language": "fa",
    "launcher_text": "Ask us",
}


def settings_of(workspace: Workspace) -> ChatbotSettings:
    with tenant_context(workspace.tenant.id):
        return chatbots.get(workspace.chatbot_id)


def names(workspace: Workspace) -> list[str]:
    with tenant_context(workspace.tenant.id):
        return [each.name for each in chatbots.list_chatbots()]


def test_settings_are_saved_and_shown_again(web: Process, workspace: Workspace) -> None:
    path = f"/chatbots/{workspace.chatbot_id}"
    with signed_in(web, workspace.tenant, "admin") as admin:
        assert admin.post(f"{path}/save", FORM).status_code == 302
        page = admin.get(path).text
    assert "Saved." in page
    assert "When do you open?\nWhere are you?" in page
    # The preview is the real widget.
    assert '<script src="/widget/v1.js"' in page
    assert workspace.publishable_key in page
    saved = settings_of(workspace)
    assert saved.suggested_questions == ("When do you open?", "Where are you?")
    assert saved.allowed_origins == ("https://www.example.com",)
    assert saved.color == "#0f766e"
    assert saved.contact == {"email": "help@example.com", "phone": "+43 1 234 567"}
    look = (saved.theme, saved.position, saved.language, saved.launcher_text)
    assert look == ("dark", "start", "fa", "Ask us")
    assert (saved.unsupported_statements, saved.unsourced_answers) == ("withhold", "refuse")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": " \t "}, "name"),
        ({"contact_email": "nobody"}, "contact_email"),
        ({"contact_url": "javascript:alert(1)"}, "contact_url"),
        ({"unsourced_answers": "never"}, "unsourced_answers"),
        ({"theme": "neon"}, "theme"),
        ({"position": "middle"}, "position"),
        ({"language": "xx"}, "language"),
        ({"launcher_text": "x" * 41}, "launcher_text"),
        ({"instructions": "x" * 8001}, "instructions"),
        ({"model": "no-such-model"}, "model"),
        ({"color": "red"}, "color"),
        ({"color": ""}, "color"),
        ({"welcome": "x" * 1001}, "welcome"),
        (
            {"suggested_questions": "\n".join(f"Question {n}?" for n in range(7))},
            "suggested_questions",
        ),
        ({"suggested_questions": "x" * 201}, "suggested_questions"),
        ({"allowed_origins": "www.example.com"}, "allowed_origins"),
        ({"allowed_origins": "javascript:alert(1)"}, "allowed_origins"),
        ({"source_ids": "not-an-id"}, "source_ids"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    web: Process, workspace: Workspace, changed: dict[str, Any], field: str
) -> None:
    before = settings_of(workspace)
    with tenant_context(workspace.tenant.id):
        uploads_source()
    with signed_in(web, workspace.tenant, "admin") as admin:
        answer = admin.post(f"/chatbots/{workspace.chatbot_id}/save", {**FORM, **changed})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.text
    kept = "Good evening." if field != "welcome" else "Be brief."
    assert kept in answer.text
    assert settings_of(workspace) == before


def test_all_bad_origins_are_named_at_once_with_what_to_write(
    web: Process, workspace: Workspace
) -> None:
    before = settings_of(workspace)
    typed = "http://shop.example/path\nhttps://*.example.com\nhttps://*.com\nwww.example.com"
    with signed_in(web, workspace.tenant, "admin") as admin:
        path = f"/chatbots/{workspace.chatbot_id}/save"
        answer = admin.post(path, {**FORM, "allowed_origins": typed})
        assert answer.status_code == 400
        assert (
            "“http://shop.example/path” is not an origin. Write https://shop.example" in answer.text
        )
        assert "“https://*.com” is not an origin. A star stands first" in answer.text
        assert "“www.example.com” is not an origin. Write https://www.example.com" in answer.text
        assert "“https://*.example.com”" not in answer.text
        assert typed in answer.text
        assert settings_of(workspace) == before
        mended = "https://shop.example\nhttps://*.example.com"
        assert admin.post(path, {**FORM, "allowed_origins": mended}).status_code == 302
    assert settings_of(workspace).allowed_origins == tuple(mended.splitlines())


def test_a_viewer_sees_the_settings_and_cannot_change_them(
    web: Process, workspace: Workspace
) -> None:
    before = settings_of(workspace)
    path = f"/chatbots/{workspace.chatbot_id}"
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = viewer.get(path).text
        assert "disabled" in page
        assert "Delete for good" not in page
        assert viewer.post(f"{path}/save", FORM).status_code == 403
        assert viewer.post("/chatbots/create", {"name": "Second"}).status_code == 403
        assert viewer.post(f"{path}/delete", {"delete-name": before.name}).status_code == 403
    assert settings_of(workspace) == before
    assert names(workspace) == [before.name]


def test_one_is_made_with_a_name_and_deleted_with_it(web: Process, workspace: Workspace) -> None:
    with signed_in(web, workspace.tenant, "admin") as admin:
        nameless = admin.post("/chatbots/create", {"name": " "})
        assert nameless.status_code == 400
        assert 'id="id_name_error"' in nameless.text
        made = admin.post("/chatbots/create", {"name": "Second"})
        assert made.status_code == 302
        path = made.headers["location"]
        wrong = admin.post(f"{path}/delete", {"delete-name": "Third"})
        assert wrong.status_code == 400
        assert 'id="id_delete-name_error"' in wrong.text
        assert names(workspace) == ["Assistant", "Second"]
        assert admin.post(f"{path}/delete", {"delete-name": "Second"}).status_code == 302
        assert admin.get(path).status_code == 404
    assert names(workspace) == ["Assistant"]


def test_the_install_page_shows_the_snippet_and_where_it_was_seen(
    web: Process, workspace: Workspace
) -> None:
    tenant = workspace.tenant
    path = f"/chatbots/{workspace.chatbot_id}/install"
    with signed_in(web, tenant, "viewer") as viewer:
        assert viewer.get("/install").headers["location"] == path
        page = viewer.get(path).text
        assert f'v1.js?key={workspace.publishable_key}"' in page
        assert "Not seen on any page yet" in page
        with tenant_context(tenant.id):
            note_sighting(chatbot_id=workspace.chatbot_id, origin="https://shop.example.com")
        seen = viewer.get(f"{path}/seen").text
    assert "https://shop.example.com" in seen
    assert "installed" in seen


def try_from(web: Process, workspace: Workspace, origin: str) -> str:
    """What a page of this origin hears."""
    with Chat(web.socket_url, origin=origin) as chat:
        chat.send("session.start", key=workspace.publishable_key)
        frame = chat.next()
    return str(frame.get("code", frame["type"]))


def test_a_page_that_was_refused_is_listed_and_allowed_with_one_click(
    web: Process, workspace: Workspace
) -> None:
    tenant, path = workspace.tenant, f"/chatbots/{workspace.chatbot_id}/install"
    origin = "https://shop.example.com"
    with signed_in(web, tenant, "viewer") as viewer, signed_in(web, tenant, "admin") as admin:
        assert "Refused lately" not in viewer.get(path).text
        assert try_from(web, workspace, "https://SHOP.example.com:443") == "origin_not_allowed"
        assert try_from(web, workspace, "null") == "origin_not_allowed"
        for page in (viewer.get(path).text, viewer.get(f"{path}/seen").text):
            assert "Refused lately" in page
            assert origin in page
            assert "install/allow" not in page
        assert viewer.post(f"{path}/allow", {"origin": origin}).status_code == 403
        assert f'value="{origin}"' in admin.get(f"{path}/seen").text
        assert admin.post(f"{path}/allow", {"origin": origin}).status_code == 302
        admin.post(f"{path}/allow", {"origin": origin})
        assert "may show the chatbot now" in admin.get(path).text
        assert "Refused lately" not in admin.get(path).text
        admin.post(f"{path}/allow", {"origin": "https://*.com"})
        assert "is not an origin" in admin.get(path).text
    assert settings_of(workspace).allowed_origins.count(origin) == 1
    assert try_from(web, workspace, origin) == "session.ready"
    assert "https://*.com" not in settings_of(workspace).allowed_origins


def test_refused_pages_are_bounded_and_each_chatbots_own(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        other = chatbots.create_chatbot(name="Other")
        for number in range(MAX_REFUSED + 5):
            note_refused(chatbot_id=workspace.chatbot_id, origin=f"https://{number:02}.example")
        note_refused(chatbot_id=workspace.chatbot_id, origin="https://" + "x" * 300)
        note_refused(chatbot_id=workspace.chatbot_id, origin=None)
        found = list_refused(workspace.chatbot_id)
        assert len(found) == MAX_REFUSED
        assert "https://24.example" in found
        assert list_refused(other.id) == []


def test_every_recipe_names_the_chatbots_own_key(web: Process, workspace: Workspace) -> None:
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = unescape(viewer.get(f"/chatbots/{workspace.chatbot_id}/install").text)
    # Those below sign for a visitor, and need no key.
    page = page.partition('id="identity"')[0]
    found = re.findall(r'<pre id="recipe-([a-z-]+)".*?>(.*?)</pre>', page, re.DOTALL)
    names = ["html", "wordpress", "shopify", "tag-manager", "react", "nextjs"]
    assert [name for name, _ in found] == names
    src = f"http://{workspace.tenant.host}:{web.port}/widget/v1.js?key={workspace.publishable_key}"
    assert all(src in code for _, code in found)
    assert "{{" not in "".join(code for _, code in found)


def test_a_chatbot_without_a_key_gets_one(web: Process, workspace: Workspace) -> None:
    tenant = workspace.tenant
    api_keys.revoke_keys_of_chatbot(tenant_id=tenant.id, chatbot_id=workspace.chatbot_id)
    path = f"/chatbots/{workspace.chatbot_id}/install"
    with signed_in(web, tenant, "agent") as agent:
        assert "Create a key" not in agent.get(path).text
        assert agent.post(f"{path}/key").status_code == 403
    with signed_in(web, tenant, "admin") as admin:
        assert "Create a key" in admin.get(path).text
        for _ in range(2):
            assert admin.post(f"{path}/key").status_code == 302
        assert "cb_pk_live_" in admin.get(path).text
    keys = [key for key in api_keys.list_keys(tenant.id).keys if key.kind == "publishable"]
    assert len(keys) == 1
