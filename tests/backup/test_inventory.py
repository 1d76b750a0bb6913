"""No shared table is forgotten, and nothing that is sealed for a workspace either."""

import re

from django.apps import apps
from django.conf import settings
from django.db import connection

from chatbot_saas.backup.inventory import SHARED
from tenants.context import platform_context
from tests.live import ROOT

# What seals for a place without a tenant, or for one request.
NOT_OF_A_WORKSPACE = {"tenants/people/second_factor.py", "chatbot_saas/web/once.py"}


def of_shared_models() -> set[str]:
    shared = {
        config.label
        for config in apps.get_app_configs()
        if {config.name, f"{type(config).__module__}.{type(config).__name__}"}
        & set(settings.SHARED_APPS)
    }
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in shared and model._meta.managed
    }


def missing(inventory: set[str]) -> set[str]:
    return of_shared_models() - inventory


def test_every_shared_table_has_a_line() -> None:
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p')"
        )
        there = {row[0] for row in cursor.fetchall()}
    assert missing(set(SHARED)) == set()
    assert there == set(SHARED)
    # The check can fail.
    assert missing(set(SHARED) - {"tenants_apikey"}) == {"tenants_apikey"}


def test_every_row_of_a_workspace_goes_with_it_or_says_why_not() -> None:
    for model in apps.get_models():
        shared = SHARED.get(model._meta.db_table)
        fields = {field.name for field in model._meta.fields}
        if shared is not None and "tenant" in fields:
            assert shared.of_one or shared.why, model
            assert shared.workspace == "tenant_id" or not shared.in_whole, model


def test_the_page_has_the_same_table() -> None:
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    table = page.partition("## What goes along")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \| (\S[^|]*) \|", table, re.MULTILINE)
    assert {name: whole for name, whole, _ in rows} == {
        name: "yes" if shared.in_whole else "no" for name, shared in SHARED.items()
    }
    for name, _, of_one in rows:
        assert of_one.startswith("no") is not bool(SHARED[name].of_one), name


def test_what_is_sealed_for_a_workspace_is_sealed_anew() -> None:
    product = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants")
    sealing = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for package in product
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\.seal\(", path.read_text(encoding="utf-8"))
    }
    assert sealing.keys() >= NOT_OF_A_WORKSPACE
    for name, text in sealing.items():
        assert name in NOT_OF_A_WORKSPACE or "@moves_along" in text, name
