"""A chatbot's picture: who may set it, who gets it, and how it goes out."""

from collections.abc import Callable

import httpx
import pytest

from conversations.chatbots.avatars import set_avatar
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.pictures import read_picture
from conversations.chatbots.services import delete_chatbot, get
from conversations.models import ChatbotAvatar
from core.errors import InvalidRequest, NotFound
from tenants.context import tenant_context
from tenants.keys.api_keys import authenticate, revoke_key
from tests.conversations.pictures import JPG, WEBP, png
from tests.live import Process
from tests.pages import signed_in

Make = Callable[[], Workspace]


def dress(made: Workspace, content: bytes | None) -> str:
    with tenant_context(made.tenant.id):
        set_avatar(chatbot_id=made.chatbot_id, content=content)
        return get(made.chatbot_id).avatar


def fetch(web: Process, key: str, name: str) -> httpx.Response:
    return httpx.get(f"{web.url}/widget/avatars/{key}/{name}", trust_env=False)


@pytest.mark.parametrize(
    ("content", "kind"), [(png(), "image/png"), (JPG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_any_page_may_show_it_for_ever(
    web: Process, make_workspace: Make, content: bytes, kind: str
) -> None:
    own = make_workspace()
    answer = fetch(web, own.publishable_key, dress(own, content))
    assert (answer.status_code, answer.content) == (200, read_picture(content).content)
    told = {name: answer.headers[name] for name in ("Content-Type", "Cache-Control")}
    assert told == {"Content-Type": kind, "Cache-Control": "public, max-age=31536000, immutable"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_it_is_there_under_its_own_key_and_name_alone(web: Process, make_workspace: Make) -> None:
    own, other = make_workspace(), make_workspace()
    name = dress(own, png())
    dress(other, JPG)
    assert fetch(web, other.publishable_key, name).status_code == 404
    assert fetch(web, own.secret_key, name).status_code == 404
    for foreign in ("x.png", name.replace(".png", ".svg"), "0" * 32 + ".png", name + "%00"):
        assert fetch(web, own.publishable_key, foreign).status_code == 404
    assert fetch(web, own.publishable_key, name).status_code == 200


def test_it_goes_with_the_key_the_picture_and_the_chatbot(
    web: Process, make_workspace: Make
) -> None:
    revoked, changed, deleted = make_workspace(), make_workspace(), make_workspace()
    names = {made.tenant.id: dress(made, png()) for made in (revoked, changed, deleted)}
    revoke_key(tenant_id=revoked.tenant.id, key_id=authenticate(revoked.publishable_key).key_id)
    assert dress(changed, None) == ""
    with tenant_context(deleted.tenant.id):
        delete_chatbot(chatbot_id=deleted.chatbot_id)
        assert not ChatbotAvatar.objects.exists()
    for made in (revoked, changed, deleted):
        assert fetch(web, made.publishable_key, names[made.tenant.id]).status_code == 404


def test_what_is_no_picture_changes_nothing(make_workspace: Make) -> None:
    own, other = make_workspace(), make_workspace()
    name = dress(own, png())
    with tenant_context(own.tenant.id):
        with pytest.raises(InvalidRequest) as caught:
            set_avatar(chatbot_id=own.chatbot_id, content=b"<svg onload='alert(1)'/>")
        assert caught.value.param == "avatar"
        with pytest.raises(NotFound):
            set_avatar(chatbot_id=other.chatbot_id, content=png())
        assert get(own.chatbot_id).avatar == name
        assert ChatbotAvatar.objects.get().name == name


def test_an_admin_sets_it_and_takes_it_away(web: Process, make_workspace: Make) -> None:
    own = make_workspace()
    page = f"/chatbots/{own.chatbot_id}"
    with signed_in(web, own.tenant, "admin") as admin:
        for wrong, status in ((b"<svg/>", 400), (b"\0" * 70_000, 400), (b"", 400)):
            answer = admin.post(f"{page}/picture", {}, files={"avatar": ("a.png", wrong)})
            assert answer.status_code == status
        saved = admin.post(f"{page}/picture", {}, files={"avatar": ("portrait.svg", png())})
        assert saved.status_code == 302
        with tenant_context(own.tenant.id):
            name = get(own.chatbot_id).avatar
        assert f'src="/widget/avatars/{own.publishable_key}/{name}"' in admin.get(page).text
        assert admin.post(f"{page}/picture", {}).status_code == 400
        assert admin.post(f"{page}/picture", {"remove": "1"}).status_code == 302
        assert "/widget/avatars/" not in admin.get(page).text
    with signed_in(web, own.tenant, "agent") as agent:
        assert agent.post(f"{page}/picture", {"remove": "1"}).status_code == 403
