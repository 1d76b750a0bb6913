"""Identity secrets of a chatbot: made, shown once, signed with, changed over, revoked."""

import re
import shutil
import subprocess
import threading
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import jwt
import pytest
from django.db import connections, transaction

from chatbot_saas.dashboard.identity import SIGNING
from conversations.chatbots.identity_secrets import (
    create_identity_secret,
    list_identity_secrets,
    revoke_identity_secret,
    seal_identity_secret,
)
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot
from core.errors import Conflict, NotFound
from tenants.context import platform_context, tenant_context
from tenants.models import Membership
from tenants.people.takeover import take_over
from tenants.workspace.models import AuditEvent
from tests.conversations.client import ORIGIN, Chat
from tests.live import Process
from tests.pages import make_member, signed_in, user_of


def signed(secret: str, subject: str = "u1") -> str:
    exp = datetime.now(UTC) + timedelta(minutes=5)
    return jwt.encode({"sub": subject, "exp": exp}, secret, algorithm="HS256")


def visitor_of(web: Process, workspace: Workspace, token: str) -> str | None:
    """Who it is for the server; None when the token is refused."""
    with Chat(web.socket_url) as chat:
        chat.send("session.start", key=workspace.publishable_key, identity_jwt=token)
        frame = chat.receive("session.ready", "error")
    if frame["type"] == "error":
        assert frame["code"] == "unauthenticated"
        return None
    claims = jwt.decode(frame["visitor_token"], options={"verify_signature": False})
    return str(claims["sub"])


def test_what_a_secret_has_opened_is_not_renewed_without_it(
    web: Process, workspace: Workspace
) -> None:
    with tenant_context(workspace.tenant.id):
        made = create_identity_secret(chatbot_id=workspace.chatbot_id)
    key = workspace.publishable_key
    with Chat(web.socket_url) as chat:
        chat.send("session.start", key=key, identity_jwt=signed(made.raw))
        token = chat.receive("session.ready")["visitor_token"]
    with Chat(web.socket_url) as chat:
        chat.send("session.start", key=key, visitor_token=token)
        again = chat.receive("session.ready")
    assert again["visitor_token"] == token
    answer = httpx.post(
        f"{web.url}/v1/chatbots/{workspace.chatbot_id}/turns",
        headers={"Authorization": f"Bearer {key}", "Origin": ORIGIN},
        json={"text": "Hello?", "client_turn_id": "a", "visitor_token": token},
        timeout=30,
        trust_env=False,
    )
    assert (answer.status_code, answer.headers["X-Visitor-Token"]) == (200, token)


def trail_of(workspace: Workspace) -> str:
    with tenant_context(workspace.tenant.id):
        return str(list(AuditEvent.objects.values_list()))


def test_a_secret_of_the_api_names_a_visitor_until_it_is_revoked(
    web: Process, workspace: Workspace
) -> None:
    where = f"/v1/chatbots/{workspace.chatbot_id}/identity_secrets"
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=web.url, headers=headers, trust_env=False) as http:
        made = [http.post(where) for _ in range(2)]
        first, second = (each.json() for each in made)
        assert {each.status_code for each in made} == {201}
        for issued in (first, second):
            # 256 bits in base64, behind what tells a scanner whose it is.
            assert re.fullmatch(r"cb_is_live_[\w-]{43}", issued["secret"])
            assert issued["identity_secret"]["hint"] == issued["secret"][-4:]
        third = http.post(where)
        assert (third.status_code, third.json()["code"]) == (409, "conflict")
        assert "Revoke one first" in third.json()["detail"]
        listed = http.get(where)
        assert listed.json()["data"] == [each["identity_secret"] for each in (first, second)]
        # On two devices, and with either secret, it is the same visitor.
        names = {visitor_of(web, workspace, signed(each["secret"])) for each in (first, second)}
        assert len(names) == 1 and None not in names
        assert visitor_of(web, workspace, signed(first["secret"], "u2")) not in names
        gone = http.delete(f"{where}/{first['identity_secret']['id']}")
        assert gone.status_code == 204
        assert visitor_of(web, workspace, signed(first["secret"])) is None
        assert {visitor_of(web, workspace, signed(second["secret"]))} == names
        assert http.delete(f"{where}/{first['identity_secret']['id']}").status_code == 404
    for issued in (first, second):
        for told in (listed.text, third.text, trail_of(workspace), web.log()):
            assert issued["secret"] not in told
        with tenant_context(workspace.tenant.id):
            assert issued["secret"] not in str(list(Chatbot.objects.values_list()))


def test_the_page_shows_it_once_and_its_recipes_sign(
    web: Process, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = f"/chatbots/{workspace.chatbot_id}/install"
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = viewer.get(install).text
        assert "An admin or owner of this workspace can create" in page
        assert viewer.post(f"{install}/identity").status_code == 403
    with signed_in(web, workspace.tenant, "admin") as admin:
        done = admin.post(f"{install}/identity")
        assert (done.status_code, done.headers["location"]) == (302, f"{install}#identity")
        page = admin.get(install).text
        found = re.search(r"cb_is_live_[\w-]{43}", page)
        assert found is not None
        secret = found[0]
        again = admin.get(install).text
        assert secret not in again and f"…{secret[-4:]}" in again and "Robin Tester" in again
        tokens = [signed(secret, "robin-7")]
        recipes = {
            each.slug: unescape(
                again.partition(f'id="recipe-{each.slug}"')[2]
                .partition(">")[2]
                .partition("</pre>")[0]
            )
            for each in SIGNING
        }
        monkeypatch.setenv("CHATBOT_IDENTITY_SECRET", secret)
        written: dict[str, object] = {}
        exec(recipes["sign-python"], written)
        tokens.append(written["identity_token"]("robin-7"))  # type: ignore[operator]
        if shutil.which("node"):
            call = f"{recipes['sign-node']}\nconsole.log(identityToken('robin-7'));"
            command = ["node", "--input-type=module", "-e", call]
            tokens.append(subprocess.check_output(command, text=True).strip())
        if shutil.which("php"):
            call = f"{recipes['sign-php']}\necho identity_token('robin-7');"
            tokens.append(subprocess.check_output(["php", "-r", call], text=True).strip())
        names = {visitor_of(web, workspace, token) for token in tokens}
        assert len(names) == 1 and None not in names
        with tenant_context(workspace.tenant.id):
            (kept,) = list_identity_secrets(workspace.chatbot_id)
        revoked = admin.post(f"{install}/identity/{kept.id}/revoke")
        assert revoked.status_code == 302
        assert f"…{secret[-4:]}" not in admin.get(install).text.partition('id="identity"')[2]
    assert visitor_of(web, workspace, tokens[0]) is None


def test_what_was_sealed_before_still_counts_and_can_be_revoked(
    web: Process, workspace: Workspace
) -> None:
    old = "o" * 39 + "x"
    place = {"tenant_id": workspace.tenant.id, "chatbot_id": workspace.chatbot_id}
    with tenant_context(workspace.tenant.id):
        Chatbot.objects.update(identity_secrets=[seal_identity_secret(old, **place)])
        new = create_identity_secret(chatbot_id=workspace.chatbot_id).raw
        first, _ = list_identity_secrets(workspace.chatbot_id)
        assert (first.hint, first.created_at, first.maker) == ("ooox", None, None)
        with pytest.raises(Conflict):
            create_identity_secret(chatbot_id=workspace.chatbot_id)
    names = {visitor_of(web, workspace, signed(each)) for each in (old, new)}
    assert len(names) == 1 and None not in names
    with tenant_context(workspace.tenant.id):
        revoke_identity_secret(chatbot_id=workspace.chatbot_id, secret_id=first.id)
        assert len(list_identity_secrets(workspace.chatbot_id)) == 1
    assert visitor_of(web, workspace, signed(old)) is None
    assert visitor_of(web, workspace, signed(new)) is not None


def test_two_at_once_make_no_third(workspace: Workspace) -> None:
    together, outcomes = threading.Barrier(4), []

    def make() -> None:
        together.wait()
        try:
            with tenant_context(workspace.tenant.id):
                create_identity_secret(chatbot_id=workspace.chatbot_id)
            outcomes.append("made")
        except Conflict:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "made", "refused", "refused"]
    with tenant_context(workspace.tenant.id):
        assert len(list_identity_secrets(workspace.chatbot_id)) == 2
        for wrong in (uuid.uuid4(), workspace.tenant.id):
            with pytest.raises(NotFound):
                revoke_identity_secret(chatbot_id=workspace.chatbot_id, secret_id=wrong)
            with pytest.raises(NotFound):
                list_identity_secrets(wrong)


def test_who_left_is_marked_and_a_claims_secrets_end(workspace: Workspace) -> None:
    leaver, proven = make_member(workspace.tenant, "admin"), make_member(workspace.tenant, "owner")
    with tenant_context(workspace.tenant.id):
        for person in (leaver, proven):
            create_identity_secret(chatbot_id=workspace.chatbot_id, actor=str(person.id))
    with platform_context():
        Membership.objects.filter(user_id=leaver.id).delete()
    with tenant_context(workspace.tenant.id):
        kept = list_identity_secrets(workspace.chatbot_id)
        assert [each.is_orphan for each in kept] == [True, False]
    # As if somebody else had only named this address, and made it.
    with platform_context(), transaction.atomic():
        take_over(user_of(proven))
    with tenant_context(workspace.tenant.id):
        (rest,) = list_identity_secrets(workspace.chatbot_id)
        assert rest.is_orphan
        last = AuditEvent.objects.filter(action="identity_secret.revoked").get()
        assert last.actor == str(proven.id)
