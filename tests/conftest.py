"""A cluster of the tests' own, a fresh tenant for every test, and real processes to talk to."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg import sql

from chatbot_saas import embedded
from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.schemas.provisioning import TenantRef, create_tenant
from tests.hashing import hash_quickly
from tests.live import ROOT, Process
from tests.platform.processes import layout

# No example has a time: machines are shared. As many as find what there is, and no more.
hypothesis.settings.register_profile("suite", deadline=None, max_examples=40)
hypothesis.settings.load_profile("suite")
hash_quickly()
_stack = ExitStack()


def _remove(var_dir: Path) -> None:
    embedded.remove_home(embedded.layout(var_dir))
    shutil.rmtree(var_dir, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """The first process starts the servers; workers of a parallel run find them running."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    var_dir = Path(os.environ["VAR_DIR"])
    _stack.callback(_remove, var_dir)
    _stack.enter_context(embedded.servers(embedded.layout(var_dir, durable=False)))
    subprocess.run(
        [sys.executable, "manage.py", "migrate_tenants"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        _stack.close()


# Folders with files of few tests that take long. Of the others many are quick.
_LONG = ("browser", "reliability", "docs", "platform", "operator")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: no process is left alone with one of them at the end."""
    folders = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(_LONG)))


@pytest.fixture(scope="session", autouse=True)
def database_open(django_db_blocker: object) -> Iterator[None]:
    """Tests commit for real: each has a tenant of its own, so none sees another's rows."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="session")
def web() -> Iterator[Process]:
    """One web process of the product, shared by the tests of a run."""
    with Process("web") as process:
        yield process


@pytest.fixture(scope="session")
def worker() -> Iterator[Process]:
    """One worker process of the product."""
    with Process("worker") as process:
        yield process


@pytest.fixture
def make_tenant() -> Callable[[], TenantRef]:
    """Makes tenants with unguessable addresses, so that runs never meet."""
    return lambda: create_tenant(slug=f"w{uuid4().hex[:16]}", name="Test workspace")


@pytest.fixture
def tenant(make_tenant: Callable[[], TenantRef]) -> TenantRef:
    return make_tenant()


@pytest.fixture
def other_tenant(make_tenant: Callable[[], TenantRef]) -> TenantRef:
    """The outsider of every test."""
    return make_tenant()


@pytest.fixture
def make_workspace() -> Callable[[], Workspace]:
    """Makes whole workspaces: tenant, chatbot and keys."""
    return lambda: create_workspace(slug=f"w{uuid4().hex[:16]}", name="Test workspace")


@pytest.fixture
def workspace(make_workspace: Callable[[], Workspace]) -> Workspace:
    return make_workspace()


@pytest.fixture
def make_login() -> Iterator[Callable[..., str]]:
    """Makes logins like the web's; `more` is SQL about `{login}`. Gives their URLs."""
    made: list[str] = []
    with psycopg.connect(layout().superuser_url, autocommit=True) as superuser:

        def make(*more: str) -> str:
            name, password = f"login_{uuid4().hex[:12]}", uuid4().hex
            made.append(name)
            login = sql.Identifier(name)
            for statement in (
                "CREATE ROLE {login} LOGIN NOINHERIT PASSWORD {password}",
                "GRANT CONNECT ON DATABASE chatbot_saas TO {login}",
                'GRANT "chatbot_saas.platform" TO {login} WITH INHERIT FALSE, SET TRUE',
                "GRANT EXECUTE ON FUNCTION pg_catalog.set_config TO {login}",
                *more,
            ):
                superuser.execute(
                    sql.SQL(statement).format(login=login, password=sql.Literal(password))
                )
            return layout().database_url(name, password)

        yield make
        for name in made:
            superuser.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
