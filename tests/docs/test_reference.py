"""The API's description covers every route, and the page made of it can be read."""

import re
from typing import Any

import httpx
from django.conf import settings
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, get_resolver

from chatbot_saas.api.schema import description
from tenants.keys.api_keys import SCOPES
from tests.live import Process

CATCH_ALL = "v1/<path:rest>"


def api_routes(urlconf: str) -> set[str]:
    def walk(patterns: list[URLPattern | URLResolver]) -> set[str]:
        found = set()
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                found |= walk(pattern.url_patterns)
            elif str(pattern.pattern).startswith("v1/"):
                found.add(str(pattern.pattern))
        return found

    return walk(get_resolver(urlconf).url_patterns)


def operations() -> list[dict[str, Any]]:
    return [one for methods in description()["paths"].values() for one in methods.values()]


def django_path(where: str) -> str:
    """`/v1/chatbots/{chatbot_id}` as Django writes it."""
    typed = re.sub(r"\{(\w+_id)\}", r"<uuid:\1>", where.lstrip("/"))
    return re.sub(r"\{(\w+)\}", r"<str:\1>", typed)


def test_every_route_is_described_and_no_other() -> None:
    described = {django_path(path) for path in description()["paths"]}
    for urlconf in (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF):
        assert api_routes(urlconf) - {CATCH_ALL} == described


def test_every_scope_opens_something_and_every_scope_asked_for_exists() -> None:
    assert {operation.get("x-scope") for operation in operations()} - {None} == SCOPES
    names = [operation["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)


def test_only_described_methods_are_answered(web: Process) -> None:
    with httpx.Client(base_url=web.url, trust_env=False) as http:
        for path, methods in description()["paths"].items():
            where = re.sub(r"\{\w+\}", "01a1fd78-516d-74f9-be07-1de5be77378b", path)
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                answer = http.request(method, where)
                if method.lower() in methods:
                    assert answer.status_code != 405, (method, path)
                else:
                    assert answer.status_code == 405, (method, path)
                    allowed = set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"}
                    assert allowed == {name.upper() for name in methods}
                    assert answer.json()["code"] == "method_not_allowed"


def test_an_unknown_path_of_the_api_is_a_problem_on_every_host(web: Process) -> None:
    for accept in ("application/json", "text/html"):
        answer = httpx.get(
            f"{web.url}/v1/nothing/here", headers={"Accept": accept}, trust_env=False
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_and_its_page_are_served_to_anybody(web: Process) -> None:
    told = httpx.get(f"{web.url}/v1/openapi.json", trust_env=False)
    assert (told.status_code, told.json()["openapi"]) == (200, "3.1.0")
    assert told.json()["paths"] == description()["paths"]
    page = httpx.get(f"{web.url}/docs/api", trust_env=False)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for operation in operations():
        assert f'id="{operation["operationId"]}"' in page.text
    links = set(re.findall(r'href="#([^"]+)"', page.text))
    assert links <= set(re.findall(r'id="([^"]+)"', page.text))
    assert re.findall(r"<script[^>]*>", page.text) == [
        f'<script src="{static("js/page.js")}" type="module">'
    ]
    assert not re.search(r"style=|\son\w+=|(src|href)=.?https?://", page.text)
