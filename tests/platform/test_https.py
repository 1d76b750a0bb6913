"""Behind a proxy that ends TLS: cookies bound to their host, and only the proxy is believed."""

from collections.abc import Iterator

import httpx
import pytest

from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import make_member

TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def secured() -> Iterator[Process]:
    environment = {"SERVE_HTTPS": "1", "TRUSTED_PROXIES": "127.0.0.1"}
    with Process("web", environment=environment) as process:
        yield process


def log_in(web: Process, tenant: TenantRef, address: str = "127.0.0.1") -> httpx.Response:
    """Through a proxy at this address; the cookies are carried by hand, as over TLS."""
    person = make_member(tenant)
    host = {"Host": tenant.host, "Accept": "text/html", **TLS}
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=web.url, headers=host, transport=transport) as client:
        page = client.get("/login")
        token = page.headers["set-cookie"].partition("__Host-csrf=")[2].partition(";")[0]
        return client.post(
            "/login",
            data={"email": person.email, "password": person.password},
            headers={
                "Cookie": f"__Host-csrf={token}",
                "X-CSRFToken": token,
                "Origin": f"https://{tenant.host}",
                "Referer": f"https://{tenant.host}/login",
            },
        )


def test_cookies_are_bound_to_their_host_and_to_tls(secured: Process, tenant: TenantRef) -> None:
    answer = log_in(secured, tenant)
    assert answer.status_code == 302
    (cookie,) = [
        each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-session=")
    ]
    parts = {part.strip().partition("=")[0].lower() for part in cookie.split(";")}
    assert {"secure", "httponly", "samesite", "path"} <= parts
    assert "domain" not in parts
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


def test_who_is_no_proxy_is_not_believed_about_tls(secured: Process, tenant: TenantRef) -> None:
    answer = log_in(secured, tenant, "127.0.0.77")
    assert answer.status_code == 403
    assert "__Host-session" not in str(answer.headers.get_list("set-cookie"))
