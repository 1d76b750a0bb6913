"""Sign-up, log-in, log-out, the way between hosts, and what each refuses."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tenants.context import platform_context
from tenants.models import APIKey, Tenant, User
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import PASSWORD, PLATFORM, PageClient, make_member, make_person, ticket_path


@pytest.fixture
def platform(web: Process) -> Iterator[PageClient]:
    with PageClient(web, PLATFORM) as client:
        yield client


def sign_up_form(**changed: str) -> dict[str, str]:
    unique = uuid4().hex[:12]
    return {
        "name": "Robin Founder",
        "email": f"founder-{unique}@example.org",
        "password": PASSWORD,
        "workspace": "Acme Rockets",
        "slug": f"acme-{unique}",
        **changed,
    }


def was_made(form: dict[str, str]) -> bool:
    """Whether a sign-up left an account, or a workspace of that account."""
    with platform_context():
        user = User.objects.filter(email__iexact=form["email"], name=form["name"]).exists()
        return user or Tenant.objects.filter(slug=form["slug"], name=form["workspace"]).exists()


def test_a_sign_up_makes_a_workspace_that_is_entered_by_a_ticket(
    web: Process, platform: PageClient
) -> None:
    form = sign_up_form()
    assert platform.post("/signup", form).headers["location"] == "/workspaces/ready"
    made = platform.get("/workspaces/ready")
    with platform_context():
        tenant = Tenant.objects.get(slug=form["slug"])
        # A secret key that nobody was shown would only be one to steal.
        kinds = APIKey.objects.filter(tenant_id=tenant.pk).values_list("kind", flat=True)
        assert list(kinds) == ["publishable"]
    with PageClient(web, f"{form['slug']}.localhost") as dashboard:
        entered = dashboard.follow(made)
        assert entered.status_code == 302
        assert entered.headers["location"] == "/"
        first = dashboard.get("/")
        assert "Add your first document" in first.text
        assert 'action="/knowledge/upload"' in first.text
        account = dashboard.get("/account")
    assert account.status_code == 200
    assert form["email"] in account.text


@pytest.mark.parametrize(
    ("changed", "beside"),
    [
        ({"email": ""}, "id_email"),
        ({"email": "nobody"}, "id_email"),
        ({"email": f"{'x' * 260}@example.org"}, "id_email"),
        ({"password": "sh0rt"}, "id_password"),
        ({"password": "password123"}, "id_password"),
        ({"password": "83648264826482"}, "id_password"),
        ({"name": ""}, "id_name"),
        ({"name": "x" * 200}, "id_name"),
        ({"name": "Ann\n\nLog in at http://evil.example"}, "id_name"),
        ({"name": "Ann\u202egro.live"}, "id_name"),
        ({"name": "\u200b\u200b"}, "id_name"),
        ({"workspace": "Acme\r\nRockets"}, "id_workspace"),
        ({"workspace": "Acme\u2066Rockets"}, "id_workspace"),
        ({"workspace": ""}, "id_workspace"),
        ({"slug": "Admin Panel"}, "id_slug"),
        ({"slug": "admin"}, "id_slug"),
        ({"slug": "x" * 60}, "id_slug"),
        ({"slug": "9lives"}, "id_slug"),
    ],
)
def test_a_bad_sign_up_is_told_beside_its_field_and_makes_nothing(
    platform: PageClient, changed: dict[str, str], beside: str
) -> None:
    form = sign_up_form(**changed)
    answer = platform.post("/signup", form)
    assert answer.status_code == 400
    assert f'id="{beside}_error"' in answer.text
    # What was typed is still there, but never the password.
    assert form["slug"] in answer.text
    assert form["password"] not in answer.text
    assert not was_made(form)


def test_everything_that_is_wrong_is_told_at_once(platform: PageClient) -> None:
    first = sign_up_form()
    platform.post("/signup", first)
    wrong = {"name": "", "email": "nobody", "password": "sh0rt", "slug": "9 lives"}
    for changed, more in ((wrong, "starts with a letter"), ({**wrong, "slug": first["slug"]}, "")):
        answer = platform.post("/signup", sign_up_form(**changed))
        assert answer.status_code == 400
        for field in wrong:
            assert f'id="id_{field}_error"' in answer.text, field
        assert more in answer.text
    assert f"“{first['slug']}-2” is free." in answer.text
    assert "sh0rt" not in answer.text
    assert "no-store" in answer.headers["cache-control"]


def test_which_addresses_are_taken_cannot_be_asked_quickly(platform: PageClient) -> None:
    first = sign_up_form()
    platform.post("/signup", first)
    wrong = sign_up_form(slug=first["slug"], email="nobody")
    told = ["is free." in platform.post("/signup", wrong).text for _ in range(22)]
    assert told == [True] * 20 + [False] * 2


def test_a_taken_address_leaves_nothing_behind_and_a_known_e_mail_is_not_told(
    platform: PageClient,
) -> None:
    first = sign_up_form()
    assert platform.post("/signup", first).headers["location"] == "/workspaces/ready"
    same_slug = sign_up_form(slug=first["slug"], workspace="Another")
    same_email = sign_up_form(email=first["email"].upper(), name="Another")
    slug, email = platform.post("/signup", same_slug), platform.post("/signup", same_email)
    assert (slug.status_code, email.status_code) == (409, 302)
    assert 'id="id_slug_error"' in slug.text
    assert email.headers["location"] == "/workspaces/ready"
    assert not was_made(same_slug)
    assert was_made(same_email)


def test_a_wrong_password_and_an_unknown_address_answer_alike(
    web: Process, tenant: TenantRef
) -> None:
    person = make_member(tenant)
    with PageClient(web, tenant.host) as client:
        wrong = client.post("/login", {"email": person.email, "password": "not it at all"})
        unknown = client.post(
            "/login", {"email": "nobody@example.org", "password": "not it at all"}
        )
        assert "session" not in client.cookies
    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert "do not belong together" in unknown.text


def test_who_is_no_member_is_not_let_in(web: Process, tenant: TenantRef) -> None:
    stranger = make_person()
    with PageClient(web, tenant.host) as client:
        answer = client.post("/login", {"email": stranger.email, "password": stranger.password})
        assert answer.status_code == 401
        assert "session" not in client.cookies
        assert client.get("/account").status_code == 302


def test_a_log_in_goes_to_the_page_that_was_asked_for_and_never_elsewhere(
    web: Process, tenant: TenantRef
) -> None:
    person = make_member(tenant)
    form = {"email": person.email, "password": person.password}
    with PageClient(web, tenant.host) as client:
        asked = client.get("/members?x=1")
        assert asked.headers["location"] == "/login?next=/members%3Fx%3D1"
        assert client.post("/login", {**form, "next": "/members"}).headers["location"] == "/members"
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"):
        with PageClient(web, tenant.host) as client:
            sent = client.post("/login", {**form, "next": elsewhere})
            assert sent.headers["location"] == "/"


def test_a_log_out_ends_the_session_everywhere(web: Process, tenant: TenantRef) -> None:
    with PageClient(web, tenant.host) as client, PageClient(web, tenant.host) as thief:
        client.log_in(make_member(tenant))
        thief.cookies.set("session", client.cookies["session"], domain="127.0.0.1")
        assert thief.get("/account").status_code == 200
        assert client.post("/logout").status_code == 302
        assert client.get("/account").status_code == 302
        assert thief.get("/account").status_code == 302


def test_wrong_tries_are_counted_and_lock_no_one_else_out(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant)
    form = {"email": person.email, "password": person.password}
    with PageClient(web, tenant.host) as guesser, PageClient(web, tenant.host) as owner:
        answers = [guesser.post("/login", {**form, "password": f"wrong {n}"}) for n in range(12)]
        right = guesser.post("/login", form)
        assert [each.status_code for each in answers[:10]] == [401] * 10
        assert answers[-1].status_code == right.status_code == 429
        assert "Try again in" in right.text
        assert "session" not in guesser.cookies
        for _ in range(12):
            assert owner.post("/login", form).status_code == 302


def test_an_address_has_its_own_limit(web: Process, tenant: TenantRef) -> None:
    codes: list[int] = []
    with PageClient(web, tenant.host) as client:
        # Twice as many as there may be: the minutes that are counted may end in between.
        while len(codes) < 121 and 429 not in codes:
            form = {"email": f"{len(codes)}@example.org", "password": "x"}
            codes.append(client.post("/login", form).status_code)
    assert len(codes) > 60
    assert codes == [401] * (len(codes) - 1) + [429]


@pytest.mark.parametrize("next_page", ["overview", "reset", "foo", "members"])
def test_the_name_of_a_view_is_no_page_to_go_to(
    web: Process, tenant: TenantRef, next_page: str
) -> None:
    person = make_member(tenant)
    form = {"email": person.email, "password": person.password, "next": next_page}
    with PageClient(web, tenant.host) as client:
        assert client.post("/login", form).headers["location"] == "/"


def test_a_ticket_does_not_take_the_place_of_somebody_elses_session(
    web: Process, tenant: TenantRef
) -> None:
    victim, attacker = make_member(tenant), make_member(tenant)
    with (
        PageClient(web, PLATFORM).log_in(attacker) as platform,
        PageClient(web, tenant.host).log_in(victim) as client,
    ):
        path = ticket_path(platform.post(f"/workspaces/{tenant.id}/enter"))
        assert client.get(path).status_code == 409
        assert victim.email in client.get("/account").text
        # One's own is renewed.
        platform.post("/logout")
        platform.log_in(victim)
        own = ticket_path(platform.post(f"/workspaces/{tenant.id}/enter"))
        assert client.get(own).status_code == 302
        assert victim.email in client.get("/account").text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/password", {"current": PASSWORD, "password": "another battery 8"}),
        ("/login", {"email": "a@example.org", "password": PASSWORD}),
    ],
)
def test_a_stale_form_with_a_password_does_not_show_it(
    web: Process, tenant: TenantRef, path: str, form: dict[str, str]
) -> None:
    with PageClient(web, tenant.host).log_in(make_member(tenant)) as client:
        headers = {"X-CSRFToken": "x" * 32, "Sec-Fetch-Site": "same-origin"}
        answer = client.post(path, form, headers=headers)
    assert answer.status_code == 403
    assert PASSWORD not in answer.text
    assert "another battery" not in answer.text


def test_a_ticket_works_once_for_its_own_host(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant)
    with (
        PageClient(web, PLATFORM) as platform,
        PageClient(web, tenant.host) as first,
        PageClient(web, tenant.host) as second,
        PageClient(web, other_tenant.host) as foreign,
    ):
        path = ticket_path(platform.log_in(person).post(f"/workspaces/{tenant.id}/enter"))
        assert foreign.get(path).status_code == 404
        assert first.get(path).status_code == 302
        assert second.get(path).status_code == 404
        assert first.get("/account").status_code == 200
        assert second.get("/account").status_code == 302
        assert platform.post(f"/workspaces/{other_tenant.id}/enter").status_code == 404


def test_a_form_without_its_token_is_refused_and_can_be_sent_again(
    web: Process, tenant: TenantRef
) -> None:
    with PageClient(web, tenant.host) as client:
        client.log_in(make_member(tenant, "admin"))
        form = {"email": "colleague@example.org", "role": "agent"}
        stale = {"X-CSRFToken": "x" * 32}
        foreign = client.post("/members/invite", form, headers=stale)
        ours = client.post(
            "/members/invite", form, headers={**stale, "Sec-Fetch-Site": "same-origin"}
        )
        members = client.get("/members")
    assert foreign.status_code == ours.status_code == 403
    assert "colleague@example.org" not in foreign.text
    assert 'value="colleague@example.org"' in ours.text
    assert "colleague@example.org" not in members.text
