"""A person's side of the pages, without a browser: cookies, CSRF tokens and redirects of one host."""

from dataclasses import dataclass
from functools import cache
from random import randint
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx

from tenants.context import platform_context
from tenants.models import User
from tenants.people.accounts import NewPassword, create_account, prepare_password
from tenants.people.memberships import add_member
from tenants.people.roles import Role
from tenants.schemas.provisioning import TenantRef
from tests.live import Process

PASSWORD = "correct horse 7 battery"
PLATFORM = "localhost"


@dataclass(frozen=True, slots=True)
class Person:
    """An account of a test, with its password."""

    id: UUID
    email: str
    password: str = PASSWORD


@cache
def _prepared() -> NewPassword:
    """Hashed once for all."""
    return prepare_password(PASSWORD)


def make_person(name: str = "Robin Tester") -> Person:
    email = f"p{uuid4().hex[:16]}@example.org"
    with platform_context():
        user = create_account(email=email, name=name, password=_prepared(), confirmed=True)
    return Person(user.pk, email)


def make_member(tenant: TenantRef, role: Role = "owner") -> Person:
    person = make_person()
    add_member(tenant_id=tenant.id, user_id=person.id, role=role)
    return person


def user_of(person: Person) -> User:
    with platform_context():
        return User.objects.get(pk=person.id)


class PageClient:
    """One browser's cookies on one host; redirects are not followed unless asked."""

    def __init__(self, web: Process, host: str, *, address: str = "", **headers: str) -> None:
        self.host = host
        # An address of its own, as people have: what is counted for one does not stop another.
        address = address or f"127.{randint(1, 254)}.{randint(0, 255)}.{randint(1, 254)}"
        self.address = address
        self._client = httpx.Client(
            base_url=web.url,
            transport=httpx.HTTPTransport(local_address=address),
            headers={"Host": f"{host}:{web.port}", "Accept": "text/html"} | headers,
            trust_env=False,
            timeout=30,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def get(self, path: str, **options: Any) -> httpx.Response:
        answer = self._client.get(path, **options)
        # A browser sends such a page's form with `Origin: null`, and nobody can use it.
        if "<form" in answer.text and 'method="post"' in answer.text:
            assert answer.headers["referrer-policy"] == "same-origin", path
        return answer

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Posts a form with the token that this host's pages carry, from a page of this host."""
        if "csrf" not in self.cookies:
            self.get("/login")
        headers = {**self._headers(), **options.pop("headers", {})}
        return self._client.post(path, data=data, headers=headers, **options)

    def _headers(self) -> dict[str, str]:
        """What a browser sends with a form."""
        here = f"http://{self._client.headers['Host']}"
        return {"X-CSRFToken": self.cookies["csrf"], "Origin": here, "Referer": f"{here}/"}

    def send(self, method: str, path: str) -> httpx.Response:
        """Any method, with this host's token."""
        if "csrf" not in self.cookies:
            self.get("/login")
        return self._client.request(method, path, headers=self._headers())

    def log_in(self, person: Person) -> Self:
        answer = self.post("/login", {"email": person.email, "password": person.password})
        assert answer.status_code in {200, 302}, answer.text
        assert "session" in self.cookies
        return self

    def enter(self, platform: "PageClient", tenant_id: UUID) -> httpx.Response:
        """From the platform's host to this one by a ticket, as a browser goes."""
        page = platform.post(f"/workspaces/{tenant_id}/enter")
        return self.follow(page)

    def follow(self, page: httpx.Response) -> httpx.Response:
        """Uses the ticket of an entering page."""
        return self.get(ticket_path(page))


def ticket_path(page: httpx.Response) -> str:
    """Path and query of the link that an entering page leads to."""
    assert page.status_code == 200, page.text
    url = page.text.partition('content="0;url=')[2].partition('"')[0]
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def signed_in(web: Process, tenant: TenantRef, role: Role = "owner") -> PageClient:
    """A fresh member of that role, logged in on the tenant's host."""
    return PageClient(web, tenant.host).log_in(make_member(tenant, role))
