"""A forgotten password by mail, a changed one, and that both end other sessions."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core import mail

from tenants.context import platform_context
from tenants.people.mail import send_reset_mail
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.live import Process
from tests.pages import PASSWORD, PageClient, Person, make_member, make_person

NEW = "another battery 8 horse"


def mails_to(person: Person) -> list[str]:
    folder = Path(os.environ["VAR_DIR"]) / "mail"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.log"))]
    return [text for text in texts if f"To: {person.email}" in text]


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/password/reset/\S+)", text)
    assert found is not None, text
    return found[1]


def without_token(text: str, person: Person) -> str:
    return re.sub(r"[A-Za-z0-9]{64}", "", text.replace(person.email, ""))


def reset_link(person: Person) -> str:
    with platform_context():
        assert send_reset_mail(person.email.upper(), "http://localhost") is True
    # Django keeps the mail of the tests' own process in memory.
    return link_in(str(mail.outbox[-1].body))


def test_a_worker_sends_the_link_and_the_answer_tells_nothing(
    web: Process, worker: Process, tenant: TenantRef
) -> None:
    person, stranger = make_member(tenant), Person(make_person().id, "nobody-at-all@example.org")
    with PageClient(web, tenant.host) as client:
        known = client.post("/password/forgotten", {"email": person.email})
        unknown = client.post("/password/forgotten", {"email": stranger.email})
    assert known.text.count(person.email) == unknown.text.count(stranger.email) == 1
    assert without_token(known.text, person) == without_token(unknown.text, stranger)
    eventually(lambda: mails_to(person), within=180)
    # The platform's, whichever of its hosts was asked.
    text = mails_to(person)[0].replace("=\n", "")
    assert f"http://localhost:{web.port}/password/reset/" in text
    assert tenant.host not in text
    assert mails_to(stranger) == []


def test_the_link_sets_a_password_once_and_ends_other_sessions(
    web: Process, tenant: TenantRef
) -> None:
    person = make_member(tenant)
    with (
        PageClient(web, tenant.host).log_in(person) as before,
        PageClient(web, tenant.host) as client,
    ):
        # A later log-in would end the link: who can log in needs none.
        link = reset_link(person)
        weak = client.post(link, {"password": "password123"})
        assert weak.status_code == 400
        assert 'id="id_password_error"' in weak.text
        assert client.post(link, {"password": NEW}).headers["location"] == "/login"
        assert client.post(link, {"password": NEW + "x"}).status_code == 404
        assert before.get("/account").status_code == 302
        old = client.post("/login", {"email": person.email, "password": PASSWORD})
        assert old.status_code == 401
        client.log_in(Person(person.id, person.email, NEW))


@pytest.mark.parametrize("path", ["bm9ib2R5/abc-def", "x/y", "%00/%00", "a" * 300 + "/b"])
def test_a_made_up_link_is_not_there(web: Process, path: str) -> None:
    with PageClient(web, "localhost") as client:
        assert client.get(f"/password/reset/{path}").status_code == 404


def test_a_new_password_needs_the_current_one_and_ends_other_sessions(
    web: Process, tenant: TenantRef
) -> None:
    person = make_member(tenant)
    with PageClient(web, tenant.host) as here, PageClient(web, tenant.host) as elsewhere:
        here.log_in(person)
        elsewhere.log_in(person)
        wrong = here.post("/account/password", {"current": "wrong", "password": NEW})
        weak = here.post("/account/password", {"current": PASSWORD, "password": "1234567890"})
        assert (wrong.status_code, weak.status_code) == (400, 400)
        assert 'id="id_current_error"' in wrong.text
        assert 'id="id_password_error"' in weak.text
        assert elsewhere.get("/account").status_code == 200
        changed = here.post("/account/password", {"current": PASSWORD, "password": NEW})
        assert changed.status_code == 302
        assert here.get("/account").status_code == 200
        assert elsewhere.get("/account").status_code == 302


def test_a_name_is_changed_or_told_what_is_wrong_with_it(web: Process, tenant: TenantRef) -> None:
    with PageClient(web, tenant.host).log_in(make_member(tenant)) as client:
        for bad in ("", "x" * 151):
            answer = client.post("/account/name", {"name": bad})
            assert answer.status_code == 400
            assert 'id="id_name_error"' in answer.text
        assert client.post("/account/name", {"name": "Sam O’Neil"}).status_code == 302
        assert "Sam O’Neil" in client.get("/account").text


def test_of_several_uses_of_a_link_at_once_one_succeeds(web: Process, tenant: TenantRef) -> None:
    link = reset_link(make_member(tenant))

    def use(number: int) -> int:
        with PageClient(web, tenant.host) as client:
            return client.post(link, {"password": f"{number} battery horses {NEW}"}).status_code

    with ThreadPoolExecutor(5) as pool:
        codes = sorted(pool.map(use, range(5)))
    assert codes == [302, 404, 404, 404, 404]


def test_the_password_that_one_has_is_no_new_one(web: Process, tenant: TenantRef) -> None:
    with PageClient(web, tenant.host).log_in(make_member(tenant)) as client:
        form = {"current": PASSWORD, "password": PASSWORD}
        answer = client.post("/account/password", form)
    assert answer.status_code == 400
    assert 'id="id_password_error"' in answer.text


def test_a_mail_leads_to_our_own_address_whatever_the_request_says(
    web: Process, worker: Process
) -> None:
    person = make_person()
    with PageClient(web, "127.0.0.1", Host="127.0.0.1:31337") as client:
        assert client.post("/password/forgotten", {"email": person.email}).status_code == 200
    eventually(lambda: mails_to(person), within=180)
    mail_text = mails_to(person)[0].replace("=\n", "")
    assert worker.pid
    assert f"http://localhost:{web.port}/password/reset/" in mail_text
    assert "31337" not in mail_text
