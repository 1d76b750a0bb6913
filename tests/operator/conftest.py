"""An operator who is logged in to the admin of a real web process."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db.models import Model

from chatbot_saas.backoffice.site import site
from chatbot_saas.backoffice.urls import SECTIONS
from tenants.people.operators import make_operator
from tests.live import Process
from tests.pages import PASSWORD, PLATFORM, PageClient

# The sections register them.
assert SECTIONS
MODELS: list[type[Model]] = list(site._registry)


class Operator(PageClient):
    """The operator's browser."""

    email = ""

    def log_in_as(self, email: str, password: str = PASSWORD) -> httpx.Response:
        self.get("/admin/login/")
        return self.post("/admin/login/", {"email": email, "password": password})

    def perform(self, path: str, **fields: Any) -> httpx.Response:
        """What a page that asks does when it is answered."""
        assert self.get(path).status_code == 200, path
        return self.post(path, fields)


def new_operator() -> str:
    email = f"op{uuid4().hex[:12]}@example.org"
    make_operator(email=email, password=PASSWORD)
    return email


@contextmanager
def logged_in(web: Process) -> Iterator[Operator]:
    with Operator(web, PLATFORM) as client:
        client.email = new_operator()
        answer = client.log_in_as(client.email)
        assert (answer.status_code, answer.headers["location"]) == (302, "/admin/")
        yield client


@pytest.fixture(scope="module")
def operator(web: Process) -> Iterator[Operator]:
    """For tests that leave the log-in as it is."""
    with logged_in(web) as client:
        yield client


@pytest.fixture
def operator_of(web: Process) -> Iterator[Callable[[], Operator]]:
    """Browsers that are nobody's yet."""
    made: list[Operator] = []

    def make(host: str = PLATFORM) -> Operator:
        made.append(Operator(web, host))
        return made[-1]

    yield make
    for client in made:
        client.__exit__()


def text_of(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
