"""The operator's part of the tour: every form of the admin, on the workspace of the tour."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pyotp
from django.utils import timezone
from playwright.sync_api import Page, expect

from billing.catalog.models import Plan, Price, QuotaOverride
from billing.selectors import plan_limits
from tenants.models import APIKey, Membership, SecondFactor, Tenant, User, WorkTicket
from tenants.people import second_factor
from tenants.people.accounts import create_account, prepare_password
from tenants.schemas.provisioning import create_tenant
from tests.browser.conftest import beside
from tests.browser.tour import Tour, log_in, new_address, press, says
from tests.operator.conftest import new_operator
from tests.operator.test_work_and_terms import document_with_ticket
from tests.pages import PASSWORD

ANOTHER = "another battery 8 horse"
# Lists with a field to search in.
SEARCHED = {
    "tenants/tenant": "Kiln",
    "tenants/user": "Robin",
    "tenants/membership": "example.org",
    "tenants/apikey": "Importer",
    "tenants/workticket": "nothing",
    "catalog/quotaoverride": "nothing",
}


def do(tour: Tour, page: Page, path: str, link: str, title: str, **fields: str) -> None:
    """Opens a row, follows the link to what can be done, fills in what it asks and does it."""
    row = f"{tour.platform}/admin/{path}/change/"
    # What was done before has led back to it.
    if page.url != row:
        page.goto(row)
    page.get_by_role("link", name=link, exact=True).click()
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(text)
    press(page, title)
    says(page, f"Done: {title}.")


def operate(tour: Tour) -> None:
    page, email = tour.open().page, beside(new_operator)
    enter(tour, page, email)
    decide(tour, page)
    care(tour, page)
    work(tour, page)
    sell(tour, page)
    for path, text in SEARCHED.items():
        page.goto(f"{tour.platform}/admin/{path}/")
        page.locator("#searchbar").fill(text)
        page.locator("#searchbar").press("Enter")
        page.wait_for_url(f"**/admin/{path}/?q={text}*")
    expect(page.locator("#result_list")).to_have_count(0)
    tour.forms.crawl(page, f"{tour.platform}/admin/")
    leave(tour, page, email)


def enter(tour: Tour, page: Page, email: str) -> None:
    """With a password, and with a code once there is an app for it."""
    log_in(page, f"{tour.platform}/admin/login/", email, PASSWORD)
    page.wait_for_url("**/admin/")
    page.goto(f"{tour.platform}/admin/login/second-factor/")
    secret = page.locator("#secret").inner_text()
    before = timezone.now() - timedelta(seconds=30)
    page.get_by_label("Code of your").fill(pyotp.TOTP(secret).at(before))
    press(page, "Set up")
    page.wait_for_url("**/admin/")
    factor = SecondFactor.objects.filter(user__email=email, confirmed_at__isnull=False)
    assert tour.shared(factor.count) == 1
    page.context.clear_cookies()
    log_in(page, f"{tour.platform}/admin/login/", email, PASSWORD)
    page.get_by_label("Code of your").fill(pyotp.TOTP(secret).now())
    press(page, "Go on")
    page.wait_for_url("**/admin/")


def decide(tour: Tour, page: Page) -> None:
    """About the workspace."""
    row, tenant = f"tenants/tenant/{tour.tenant_id}", Tenant.objects.filter(pk=tour.tenant_id)
    do(tour, page, row, "Suspend", "Suspend this workspace", Reason="unpaid")
    assert tour.shared(lambda: tenant.get().status) == "suspended"
    do(tour, page, row, "Resume", "Resume this workspace")
    assert tour.shared(lambda: tenant.get().status) == "active"
    page.goto(f"{tour.platform}/admin/{row}/plan/")
    page.get_by_label("Plan").select_option("team")
    press(page, "Change this workspace's plan")
    says(page, "Done: Change this workspace's plan.")
    assert beside(lambda: plan_limits(tour.tenant_id).name) == "Team"
    until = f"{timezone.now() + timedelta(days=3):%Y-%m-%dT%H:%M}"
    title = "Override this workspace's limits"
    do(tour, page, row, "Override limits", title, Reason="a fair", Documents="7", Until=until)
    assert beside(lambda: plan_limits(tour.tenant_id).documents) == 7
    made = tour.shared(lambda: QuotaOverride.objects.get(tenant_id=tour.tenant_id).pk)
    do(tour, page, f"catalog/quotaoverride/{made}", "End now", "End this override")
    assert beside(lambda: plan_limits(tour.tenant_id).documents) == 2000
    told = ("tenant.suspended", "tenant.resumed", "plan.changed", "limits.overridden")
    assert [tour.told(action) for action in told] == [1, 1, 1, 1]


def _claim() -> UUID:
    return create_account(
        email=new_address(), name="Robin Claim", password=prepare_password(PASSWORD)
    ).pk


def _colleague() -> UUID:
    """Another operator, whose phone is gone."""
    user = User.objects.get(email=new_operator())
    secret = second_factor.begin_enrolment(user).secret
    second_factor.confirm_enrolment(user_id=user.pk, code=pyotp.TOTP(secret).now())
    return user.pk


def care(tour: Tour, page: Page) -> None:
    """For people and keys."""
    viewers = Membership.objects.filter(tenant_id=tour.tenant_id, role="viewer")
    viewer = tour.shared(lambda: viewers.get().user_id)
    row, claim, colleague = (f"tenants/user/{viewer}", tour.shared(_claim), tour.shared(_colleague))
    do(tour, page, row, "Deactivate", "Deactivate this account")
    assert not tour.shared(lambda: User.objects.get(pk=viewer).is_active)
    do(tour, page, row, "Reactivate", "Reactivate this account")
    assert tour.shared(lambda: User.objects.get(pk=viewer).is_active)
    title = "Confirm the address of this account"
    do(tour, page, f"tenants/user/{claim}", "Confirm the address", title)
    assert tour.shared(lambda: User.objects.get(pk=claim).confirmed_at) is not None
    title = "Reset this operator's second factor"
    do(tour, page, f"tenants/user/{colleague}", "Reset second factor", title)
    assert not tour.shared(SecondFactor.objects.filter(pk=colleague).exists)
    keys = APIKey.objects.filter(tenant_id=tour.tenant_id, kind="secret", revoked_at=None)
    key = tour.shared(lambda: keys.get().pk)
    do(tour, page, f"tenants/apikey/{key}", "Revoke", "Revoke this key")
    assert not tour.shared(keys.exists)


def work(tour: Tour, page: Page) -> None:
    """A ticket that failed is tried again, and one that waits is called off."""

    def make(failed: bool) -> UUID:
        tenant = create_tenant(slug=f"w{uuid4().hex[:16]}", name="Test workspace")
        return document_with_ticket(tenant, failed=failed)[1].pk

    failed, waiting = beside(lambda: make(True)), beside(lambda: make(False))
    do(tour, page, f"tenants/workticket/{failed}", "Try again", "Try this ticket again")
    do(tour, page, f"tenants/workticket/{waiting}", "Cancel", "Cancel this ticket")
    found = tour.shared(lambda: WorkTicket.objects.in_bulk([failed, waiting]))
    # A worker may have begun with what is due now.
    assert found[failed].status in {"waiting", "running", "done"}
    assert found[waiting].status == "cancelled"


def sell(tour: Tour, page: Page) -> None:
    """A plan, made and changed, and a price."""
    code, model = f"p{uuid4().hex[:12]}", f"m{uuid4().hex[:12]}"
    numbers = {"messages_per_month": 5, "cost_per_month": 1, "turns_per_minute": 2}
    numbers |= {"visitor_turns_per_minute": 1, "documents": 3}
    page.goto(f"{tour.platform}/admin/catalog/plan/add/")
    for name, value in {"code": code, "name": "Trial", **numbers}.items():
        page.locator(f"#id_{name}").fill(str(value))
    press(page, "Save")
    page.wait_for_url("**/admin/catalog/plan/")
    plans = Plan.objects.filter(pk=code)
    assert tour.shared(lambda: plans.values(*numbers).get()) == numbers
    page.goto(f"{tour.platform}/admin/catalog/plan/{code}/change/")
    page.locator("#id_documents").fill("4")
    press(page, "Save")
    page.wait_for_url("**/admin/catalog/plan/")
    assert tour.shared(lambda: plans.get().documents) == 4
    tour.shared(plans.delete)
    page.goto(f"{tour.platform}/admin/catalog/price/add/")
    for name, value in (("model", model), ("input_per_million", "2"), ("output_per_million", "3")):
        page.locator(f"#id_{name}").fill(value)
    press(page, "Save")
    page.wait_for_url("**/admin/catalog/price/")
    assert tour.shared(lambda: Price.objects.get(model=model).output_per_million) == Decimal(3)


def leave(tour: Tour, page: Page, email: str) -> None:
    page.goto(f"{tour.platform}/admin/password_change/")
    passwords = {"old_password": PASSWORD, "new_password1": ANOTHER, "new_password2": ANOTHER}
    for name, text in passwords.items():
        page.locator(f"#id_{name}").fill(text)
    page.locator("#content-main [type=submit]").click()
    page.wait_for_url("**/password_change/done/")
    assert tour.shared(lambda: User.objects.get(email=email).check_password(ANOTHER))
    page.goto(f"{tour.platform}/admin/")
    page.get_by_text("unfold_more").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/login/**")
    page.goto(f"{tour.platform}/admin/")
    page.wait_for_url("**/admin/login/?next=**")
