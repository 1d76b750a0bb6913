"""An address proves nothing before a mail to it was read: confirming, and what waits for it."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.core import mail, signing

from core.errors import NotFound
from tenants.context import platform_context
from tenants.models import Membership, Tenant, User
from tenants.people import confirmation
from tenants.people.accounts import account_of_link, change_password, confirm, make_reset_link
from tenants.people.mail import send_confirmation_mail
from tenants.people.operators import make_operator
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.live import Process
from tests.mailbox import (
    BASE,
    confirmation_path,
    mails_to,
    newest_account,
    path_in,
    reset_path,
    text_of,
    wait_for_mail,
)
from tests.pages import PASSWORD, PLATFORM, PageClient, Person, make_person, user_of

STRANGER = "Bank http://evil.example"


class Earlier(signing.TimestampSigner):
    """Signs as it was done a minute before a link's time."""

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) - confirmation.LIFETIME_SECONDS - 60)


def said_by_a_worker(text: str) -> bool:
    """By any: whichever is free takes a mail."""
    folder = Path(os.environ["VAR_DIR"]) / "log"
    return any(text in path.read_text(errors="replace") for path in folder.glob("worker-*.log"))


def sign_up(client: PageClient, email: str, password: str = PASSWORD, name: str = "Robin") -> str:
    """The new workspace's slug."""
    slug = f"w{uuid4().hex[:16]}"
    form = {"name": name, "email": email, "password": password, "workspace": "Shop", "slug": slug}
    answer = client.post("/signup", form)
    assert answer.headers.get("location") == "/workspaces/ready", answer.text
    return slug


def new_email() -> str:
    return f"ann-{uuid4().hex[:12]}@corp.example"


def is_confirmed(user: User) -> bool:
    with platform_context():
        return User.objects.get(pk=user.pk).confirmed_at is not None


@pytest.fixture
def platform(web: Process) -> Iterator[PageClient]:
    with PageClient(web, PLATFORM) as client:
        yield client


def test_who_signs_up_confirms_by_the_mailed_link_and_a_button(
    web: Process, worker: Process, platform: PageClient
) -> None:
    email = new_email()
    slug = sign_up(platform, email)
    user = newest_account(email)
    ready = platform.get("/workspaces").text
    assert worker.pid
    assert "mail</code> on its server" in ready
    text = text_of(wait_for_mail(email))
    assert f"http://localhost:{web.port}/confirm/" in text
    eventually(lambda: said_by_a_worker("is not sent without EMAIL_URL"))
    link = path_in(text)
    # As a program does that looks through mails.
    opened = platform.get(link)
    assert (opened.status_code, is_confirmed(user)) == (200, False)
    assert 'type="password"' not in opened.text
    assert platform.post(link).headers["location"] == "/workspaces"
    assert is_confirmed(user)
    listed = platform.get("/workspaces").text
    assert "Your e-mail address is confirmed." in listed
    assert "Send the mail again" not in listed
    assert slug in listed
    assert platform.post(link).status_code == platform.get(link).status_code == 404


def test_a_link_without_the_account_asks_for_its_password(
    web: Process, platform: PageClient
) -> None:
    email = new_email()
    sign_up(platform, email)
    user = newest_account(email)
    link = confirmation_path(user)
    with PageClient(web, PLATFORM).log_in(make_person()) as reader:
        assert 'type="password"' in reader.get(link).text
        for wrong in ({}, {"password": "not it at all"}):
            answer = reader.post(link, wrong)
            assert 'id="id_password_error"' in answer.text
        assert not is_confirmed(user)
        assert reader.post(link, {"password": PASSWORD}).status_code == 302
        assert is_confirmed(user)
        assert email in text_of_account(web, reader)


def text_of_account(web: Process, platform: PageClient) -> str:
    """The account page of the first workspace of who is logged in."""
    found = re.search(r"/workspaces/([0-9a-f-]{36})/enter", platform.get("/workspaces").text)
    assert found is not None
    with platform_context():
        tenant = Tenant.objects.get(pk=found[1])
    with PageClient(web, f"{tenant.slug}.localhost") as dashboard:
        dashboard.enter(platform, tenant.pk)
        return dashboard.get("/account").text


def test_a_link_is_worth_nothing_changed_late_or_after_another_password(
    platform: PageClient,
) -> None:
    email = new_email()
    sign_up(platform, email)
    user = newest_account(email)
    link = confirmation_path(user)
    assert platform.get(link).status_code == 200
    given = signing.loads(link.rpartition("/")[2], salt=confirmation._SALT)
    assert (
        platform.get(f"/confirm/{Earlier(salt=confirmation._SALT).sign_object(given)}").status_code
        == 404
    )
    assert platform.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 404
    assert platform.get("/confirm/made-up").status_code == 404
    # A signature for something else is none for this.
    other = signing.dumps({"account": user.pk.hex, "email": email, "state": ""}, salt="other")
    assert platform.get(f"/confirm/{other}").status_code == 404
    change_password(user=user, current=PASSWORD, password="47 purple dinosaurs")
    assert platform.get(link).status_code == 404
    assert not is_confirmed(user)


def without_what_differs(text: str) -> str:
    """A page without ids, keys, tokens and slugs."""
    return re.sub(r"[0-9a-f-]{36}|cb_[sp]k_live_\w+|[A-Za-z0-9]{64}|w[0-9a-f]{16}", "…", text)


def test_a_sign_up_tells_nobody_who_has_an_account_but_its_owner(
    web: Process, worker: Process
) -> None:
    person, stranger = make_person(), new_email()
    seen, slugs = [], []
    for email in (person.email, stranger):
        with PageClient(web, PLATFORM) as client:
            slugs.append(sign_up(client, email.upper(), "a stranger 9 battery", STRANGER))
            ready = client.get("/workspaces/ready").text
            pages = [re.sub(r"ticket=[\w-]+", "", ready), client.get("/workspaces").text]
            again = client.post("/workspaces/confirmation")
            pages += [again.headers["location"], client.get("/workspaces").text]
            seen.append([without_what_differs(page.replace(email, "")) for page in pages])
    assert seen[0] == seen[1]
    assert worker.pid
    told = text_of(wait_for_mail(person.email))
    assert f"http://localhost:{web.port}/login" in told
    assert "/confirm/" not in told
    assert "evil.example" not in told + text_of(wait_for_mail(stranger))
    assert slugs[0] not in told
    with platform_context():
        memberships = Membership.objects.filter(user_id=person.id)
        assert memberships.count() == 0
    # The owner's password is what it was, and the claim's does not open the owner's account.
    with PageClient(web, PLATFORM).log_in(person) as owner:
        assert slugs[0] not in owner.get("/workspaces").text


def test_a_claim_of_an_address_that_has_an_account_is_never_confirmed(
    platform: PageClient,
) -> None:
    person = make_person()
    sign_up(platform, person.email)
    claim = newest_account(person.email)
    assert claim.pk != person.id
    with platform_context():
        assert send_confirmation_mail(str(claim.pk), BASE) is False
    assert mail.outbox[-1].to == [person.email]
    link = f"/confirm/{confirmation.make_token(claim)}"
    assert platform.post(link).status_code == 404
    assert not is_confirmed(claim)


def test_unconfirmed_accounts_with_one_address_are_in_nobodys_way(web: Process) -> None:
    email = new_email()
    passwords = ["first of all 8 horses", "second of all 8 horses"]
    slugs = []
    for password in passwords:
        with PageClient(web, PLATFORM) as client:
            slugs.append(sign_up(client, email, password))
    for slug, password in zip(slugs, passwords, strict=True):
        with PageClient(web, f"{slug}.localhost") as own:
            own.log_in(Person(uuid4(), email, password))
            assert email in own.get("/account").text
        with PageClient(web, f"{slug}.localhost") as foreign:
            other = passwords[0] if password == passwords[1] else passwords[1]
            answer = foreign.post("/login", {"email": email, "password": other})
            assert answer.status_code == 401
    with platform_context():
        first = User.objects.filter(email=email).earliest("created_at")
    with PageClient(web, PLATFORM) as client:
        link = confirmation_path(first)
        assert client.post(link, {"password": passwords[0]}).status_code == 302
    # From now on the address is the first one's, on every host.
    with PageClient(web, PLATFORM) as client:
        client.log_in(Person(first.pk, email, passwords[0]))


def test_the_mail_is_sent_again_but_not_without_end(web: Process, platform: PageClient) -> None:
    email = new_email()
    slug = sign_up(platform, email)
    with platform_context():
        tenant = Tenant.objects.get(slug=slug)
    with PageClient(web, f"{slug}.localhost") as dashboard:
        dashboard.enter(platform, tenant.pk)
        assert "Send the mail again" in dashboard.get("/").text
        answers = [dashboard.post("/account/confirmation").status_code for _ in range(6)]
    assert answers[:3] == [302] * 3
    assert answers[-1] == 429
    user = newest_account(email)
    before = len(mail.outbox)
    with platform_context():
        for _ in range(15):
            send_confirmation_mail(str(user.pk), BASE)
    # Whoever causes them, and from wherever.
    assert 0 < len(mail.outbox) - before <= 10


def test_a_new_password_confirms_the_address(web: Process, platform: PageClient) -> None:
    email = new_email()
    sign_up(platform, email)
    user = newest_account(email)
    link = reset_path(email)
    assert "confirms it, and ends" in str(mail.outbox[-1].body)
    with PageClient(web, PLATFORM) as reader:
        reader.post(link, {"password": "another battery 8 horse"})
        assert "Your address is confirmed." in reader.get("/login").text
    assert is_confirmed(user)
    assert platform.get("/workspaces").headers["location"] == "/login"
    # Whoever has proved it already loses nothing by the next one.
    reset_path(email)
    assert "confirms it, and ends" not in str(mail.outbox[-1].body)


def test_whoever_has_an_account_with_an_address_cannot_end_the_link_to_its_owner(
    web: Process, platform: PageClient
) -> None:
    email, other = new_email(), "a stranger 9 battery"
    slug = sign_up(platform, email)
    link = reset_path(email)
    person = Person(uuid4(), email)
    with PageClient(web, f"{slug}.localhost").log_in(person) as stranger:
        changed = stranger.post("/account/password", {"current": PASSWORD, "password": other})
        assert changed.status_code == 302
    with PageClient(web, PLATFORM) as owner:
        assert owner.get(link).status_code == 200
        used = owner.post(link, {"password": "another battery 8 horse"})
        assert used.headers["location"] == "/login"
        assert owner.get(link).status_code == 404
    assert is_confirmed(newest_account(email))


@pytest.mark.parametrize("what", ["password", "address"])
def test_a_link_dies_with_what_changes_about_a_proven_account(what: str) -> None:
    person = make_person()
    user = user_of(person)
    link = make_reset_link(user)
    assert account_of_link(link).pk == user.pk
    if what == "password":
        change_password(user=user, current=PASSWORD, password="another battery 8 horse")
    else:
        confirm(user, email=new_email())
    with pytest.raises(NotFound):
        account_of_link(link)


def test_who_has_not_confirmed_invites_nobody(web: Process, platform: PageClient) -> None:
    slug = sign_up(platform, new_email())
    with platform_context():
        tenant = Tenant.objects.get(slug=slug)
    form = {"email": "friend@example.org", "role": "owner"}
    with PageClient(web, f"{slug}.localhost") as dashboard:
        dashboard.enter(platform, tenant.pk)
        refused = dashboard.post("/members/invite", form)
    assert refused.status_code == 403
    assert "Confirm your own e-mail address" in refused.text
    with platform_context():
        assert not tenant.invitations.exists()


def test_an_operator_is_made_of_nobodys_claim(platform: PageClient) -> None:
    email = new_email()
    sign_up(platform, email)
    claim = newest_account(email)
    made = make_operator(email=email, password="operator 9 battery staple")
    assert made != claim.pk
    with platform_context():
        assert User.objects.get(pk=made).confirmed_at is not None
        assert not User.objects.get(pk=claim.pk).is_staff


def test_an_account_moves_to_an_address_that_it_has_proved(
    web: Process, worker: Process, tenant: TenantRef
) -> None:
    person, taken, new = make_person(), make_person(), new_email()
    with platform_context():
        Membership.objects.create(user_id=person.id, tenant_id=tenant.id, role="agent")
    with (
        PageClient(web, tenant.host).log_in(person) as client,
        PageClient(web, PLATFORM) as platform,
    ):
        wrong = client.post("/account/address", {"email": new, "own_password": "not it at all"})
        assert wrong.status_code == 400
        assert 'id="id_own_password_error"' in wrong.text
        said = []
        for email in (new, taken.email):
            form = {"email": email, "own_password": PASSWORD}
            assert client.post("/account/address", form).headers["location"] == "/account"
            said.append(client.get("/account").text.replace(email, ""))
        assert without_what_differs(said[0]) == without_what_differs(said[1])
        assert worker.pid
        assert "/confirm/" not in text_of(wait_for_mail(taken.email))
        link = path_in(text_of(wait_for_mail(new)))
        assert user_of(person).email == person.email
        assert platform.post(link, {"password": PASSWORD}).status_code == 302
        assert user_of(person).email == new
        assert new in client.get("/account").text
    assert "another e-mail address" in text_of(wait_for_mail(person.email))
    assert mails_to(new)[0]["Subject"] == "Confirm your e-mail address"
