"""Invitations, roles and leaving: who may, what is refused, and that a refusal changes nothing."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from tenants.context import platform_context, tenant_context
from tenants.models import Invitation, Membership
from tenants.people.accounts import create_account, prepare_password
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.live import Process
from tests.mailbox import invitation_path, newest_account, path_in, text_of, wait_for_mail
from tests.pages import PASSWORD, PageClient, Person, make_member, make_person, signed_in


def role_of(tenant: TenantRef, person: Person) -> str | None:
    with platform_context():
        found = Membership.objects.filter(tenant_id=tenant.id, user_id=person.id)
        return found.values_list("role", flat=True).first()


def membership_id(tenant: TenantRef, person: Person) -> UUID:
    with platform_context():
        return Membership.objects.get(tenant_id=tenant.id, user_id=person.id).pk


def invite(client: PageClient, email: str, role: str = "agent") -> str:
    """The path of the new invitation's link."""
    answer = client.post("/members/invite", {"email": email, "role": role})
    assert answer.status_code == 302, answer.text
    page = client.get("/members")
    return "/invitations/" + page.text.partition("/invitations/")[2].partition("<")[0]


def test_somebody_new_joins_by_a_link_that_works_once(web: Process, tenant: TenantRef) -> None:
    email = f"new-{uuid4().hex[:10]}@example.org"
    with signed_in(web, tenant, "admin") as admin, PageClient(web, tenant.host) as new:
        path = invite(admin, email)
        form = {"name": "New Colleague", "password": PASSWORD}
        assert email in new.get(path).text
        assert new.post(path, form).headers["location"] == "/"
        assert new.get("/members").status_code == 200
        assert PageClient(web, tenant.host).post(path, form).status_code == 404
    with tenant_context(tenant.id):
        actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"member.invited", "member.joined"} <= actions


def open_invitation(tenant: TenantRef, email: str) -> UUID:
    with platform_context():
        return Invitation.objects.get(tenant_id=tenant.id, email=email, revoked_at=None).pk


def test_the_mails_own_link_proves_the_address_and_a_copied_one_does_not(
    web: Process, worker: Process, tenant: TenantRef
) -> None:
    form = {"name": "New Colleague", "password": PASSWORD}
    with signed_in(web, tenant, "admin") as admin:
        for is_mailed in (True, False):
            email = f"new-{uuid4().hex[:10]}@example.org"
            copied = invite(admin, email)
            assert worker.pid
            text = text_of(wait_for_mail(email))
            assert f"http://{tenant.host}:{web.port}/invitations/" in text
            mailed = path_in(text, "invitations")
            assert mailed != copied
            with PageClient(web, tenant.host) as new:
                assert new.post(mailed if is_mailed else copied, form).status_code == 302
                assert ("Send the mail again" in new.get("/account").text) != is_mailed
                if not is_mailed:
                    assert "/confirm/" in text_of(wait_for_mail(email, 2))
                # One invitation, however many links it has.
                assert new.get(copied).status_code == new.get(mailed).status_code == 404
            assert (newest_account(email).confirmed_at is not None) == is_mailed
            assert ("Not confirmed" in admin.get("/members").text) != is_mailed


def test_a_strangers_claim_does_not_keep_the_invited_out(web: Process, tenant: TenantRef) -> None:
    email = f"new-{uuid4().hex[:10]}@example.org"
    with platform_context():
        claim = create_account(email=email, name="", password=prepare_password("not hers 9 horses"))
    with signed_in(web, tenant, "admin") as admin, PageClient(web, tenant.host) as new:
        invite(admin, email)
        link = invitation_path(open_invitation(tenant, email))
        assert new.post(link, {"name": "Ann", "password": PASSWORD}).status_code == 302
    owner = newest_account(email)
    assert owner.pk != claim.pk
    assert owner.confirmed_at is not None
    assert role_of(tenant, Person(claim.pk, email)) is None


def test_who_began_an_account_joins_with_it_by_its_password(
    web: Process, tenant: TenantRef
) -> None:
    email = f"new-{uuid4().hex[:10]}@example.org"
    with platform_context():
        begun = create_account(email=email, name="Ann", password=prepare_password(PASSWORD))
    with signed_in(web, tenant, "admin") as admin, PageClient(web, tenant.host) as new:
        invite(admin, email)
        link = invitation_path(open_invitation(tenant, email))
        assert new.post(link, {"name": "Ann", "password": PASSWORD}).status_code == 302
    assert newest_account(email).pk == begun.pk
    assert newest_account(email).confirmed_at is not None
    assert role_of(tenant, Person(begun.pk, email)) == "agent"


def test_who_has_an_account_joins_with_its_password(web: Process, tenant: TenantRef) -> None:
    person, other = make_person(), make_person()
    with signed_in(web, tenant, "owner") as owner, PageClient(web, tenant.host) as client:
        path = invite(owner, person.email, "owner")
        wrong = client.post(path, {"email": person.email, "password": "wrong password"})
        foreign = client.post(path, {"email": other.email, "password": other.password})
        assert (wrong.status_code, foreign.status_code) == (401, 403)
        assert role_of(tenant, person) is None
        assert role_of(tenant, other) is None
        joined = client.post(path, {"email": person.email, "password": person.password})
        assert joined.status_code == 302
    assert role_of(tenant, person) == "owner"


def test_a_claim_of_the_address_joins_for_nobody_who_has_proved_it(
    web: Process, tenant: TenantRef
) -> None:
    person, own = make_person(), "a stranger 9 battery"
    with platform_context():
        claim = create_account(email=person.email, name="", password=prepare_password(own))
    with signed_in(web, tenant, "owner") as owner, PageClient(web, tenant.host) as client:
        path = invite(owner, person.email, "admin")
        refused = client.post(path, {"email": person.email, "password": own})
        assert (refused.status_code, client.get("/members").status_code) == (403, 302)
        assert role_of(tenant, Person(claim.pk, person.email)) is None
        joined = client.post(path, {"email": person.email, "password": person.password})
        assert joined.status_code == 302
    assert role_of(tenant, person) == "admin"


def test_an_invitation_is_worth_nothing_elsewhere_later_or_taken_back(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    email = f"new-{uuid4().hex[:10]}@example.org"
    form = {"name": "New", "password": PASSWORD}
    with signed_in(web, tenant) as owner, PageClient(web, tenant.host) as client:
        path = invite(owner, email)
        with PageClient(web, other_tenant.host) as foreign:
            assert foreign.get(path).status_code == 404
            assert foreign.post(path, form).status_code == 404
        with platform_context():
            found = Invitation.objects.filter(tenant_id=tenant.id, email=email)
            found.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert client.post(path, form).status_code == 404
        again = invite(owner, email)
        with platform_context():
            invitation = Invitation.objects.filter(tenant_id=tenant.id).latest("created_at")
        assert owner.post(f"/members/invitations/{invitation.pk}/revoke").status_code == 302
        assert client.post(again, form).status_code == 404
        assert owner.post(f"/members/invitations/{invitation.pk}/revoke").status_code == 404


@pytest.mark.parametrize(
    ("form", "beside"),
    [
        ({"email": "", "role": "agent"}, "id_email"),
        ({"email": "not an address", "role": "agent"}, "id_email"),
        ({"email": f"{'x' * 250}@example.org", "role": "agent"}, "id_email"),
        ({"email": "a@example.org", "role": "emperor"}, "id_role"),
    ],
)
def test_a_bad_invitation_is_told_beside_its_field(
    web: Process, tenant: TenantRef, form: dict[str, str], beside: str
) -> None:
    with signed_in(web, tenant) as owner:
        answer = owner.post("/members/invite", form)
    assert answer.status_code == 400
    assert f'id="{beside}_error"' in answer.text
    with platform_context():
        assert not Invitation.objects.filter(tenant_id=tenant.id).exists()


def test_an_open_invitation_says_who_made_it_when_and_until_when(
    web: Process, tenant: TenantRef
) -> None:
    email = f"new-{uuid4().hex[:10]}@example.org"
    with signed_in(web, tenant, "admin") as admin:
        invite(admin, email)
        page = admin.get("/members").text
    with platform_context():
        made = Invitation.objects.get(tenant_id=tenant.id, email=email)
    row = page.partition(email)[2].partition("</tr>")[0]
    assert "Invited by <bdi>Robin Tester</bdi>" in " ".join(row.split())
    assert f'datetime="{made.created_at:%Y-%m-%dT%H:%M}' in row
    assert f'datetime="{made.expires_at:%Y-%m-%dT%H:%M}' in row


def test_everybody_reads_what_each_role_may(web: Process, tenant: TenantRef) -> None:
    for role in ("viewer", "owner"):
        with signed_in(web, tenant, role) as member:
            page = member.get("/members").text
        for said in ("Changes nothing", "deletes conversations", "downloads conversations"):
            assert said in page
        own = page.partition(f"<dt>{role.capitalize()}")[2].partition("</dt>")[0]
        assert "Yours" in own
        assert page.count("Yours") == 1


def test_a_member_is_not_invited_again(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant, "viewer")
    with signed_in(web, tenant) as owner:
        answer = owner.post("/members/invite", {"email": person.email.upper(), "role": "agent"})
    assert answer.status_code == 409
    assert 'id="id_email_error"' in answer.text


def test_the_last_owner_can_neither_leave_nor_be_made_less(web: Process, tenant: TenantRef) -> None:
    owner = make_member(tenant, "owner")
    own = membership_id(tenant, owner)
    with PageClient(web, tenant.host).log_in(owner) as client:
        assert client.post(f"/members/{own}/remove").status_code == 409
        assert client.post(f"/members/{own}/role", {"role": "admin"}).status_code == 409
        assert role_of(tenant, owner) == "owner"
        make_member(tenant, "owner")
        assert client.post(f"/members/{own}/remove").status_code == 302
        assert client.get("/members").status_code == 302
    assert role_of(tenant, owner) is None


def test_an_admin_makes_no_owner_and_unmakes_none(web: Process, tenant: TenantRef) -> None:
    owner, agent = make_member(tenant, "owner"), make_member(tenant, "agent")
    make_member(tenant, "owner")
    with signed_in(web, tenant, "admin") as admin:
        invited = admin.post("/members/invite", {"email": "x@example.org", "role": "owner"})
        answers = [
            invited,
            admin.post(f"/members/{membership_id(tenant, owner)}/role", {"role": "viewer"}),
            admin.post(f"/members/{membership_id(tenant, owner)}/remove"),
            admin.post(f"/members/{membership_id(tenant, agent)}/role", {"role": "owner"}),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
        bad = admin.post(f"/members/{membership_id(tenant, agent)}/role", {"role": "emperor"})
        assert bad.status_code == 400
        assert (role_of(tenant, owner), role_of(tenant, agent)) == ("owner", "agent")
        changed = admin.post(f"/members/{membership_id(tenant, agent)}/role", {"role": "viewer"})
        assert changed.status_code == 302
    assert role_of(tenant, agent) == "viewer"


def test_another_workspaces_member_is_not_there(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    foreign = make_member(other_tenant, "agent")
    with signed_in(web, tenant) as owner:
        for of in (membership_id(other_tenant, foreign), uuid4()):
            assert owner.post(f"/members/{of}/remove").status_code == 404
            assert owner.post(f"/members/{of}/role", {"role": "viewer"}).status_code == 404
    assert role_of(other_tenant, foreign) == "agent"


@pytest.mark.parametrize("event", ["removed", "demoted"])
def test_invitations_end_with_the_role_of_who_made_them(
    web: Process, tenant: TenantRef, event: str
) -> None:
    inviter = make_member(tenant, "owner")
    email = f"back-{uuid4().hex[:10]}@example.org"
    with (
        signed_in(web, tenant, "owner") as owner,
        PageClient(web, tenant.host).log_in(inviter) as leaver,
        PageClient(web, tenant.host) as stranger,
    ):
        path = invite(leaver, email, "owner")
        if event == "removed":
            owner.post(f"/members/{membership_id(tenant, inviter)}/remove")
        else:
            owner.post(f"/members/{membership_id(tenant, inviter)}/role", {"role": "viewer"})
        assert stranger.post(path, {"name": "Back", "password": PASSWORD}).status_code == 404
