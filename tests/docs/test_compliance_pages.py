"""Every defence of docs/security.md has its test, every table of docs/privacy.md its line, and every
command of the checklist is there."""

import ast
import re
import subprocess
from importlib.util import find_spec

from django.apps import apps
from django.core.management import get_commands

from tests.docs.test_pages import page, section
from tests.live import ROOT

_NAMED = re.compile(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`")
_CHAPTERS = {f"LLM{number:02d}" for number in range(1, 11)}
# Made by Django, without a model.
_OTHERS = {"django_migrations"}


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    made = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name for each in ast.walk(tree) if isinstance(each, made)}


def test_each_test_that_is_named_is_there() -> None:
    named = _NAMED.findall(page("security"))
    assert len(named) > 60
    for path, function in named:
        assert (ROOT / path).exists(), path
        assert not function or function in functions(path), f"{path}::{function}"


def test_each_row_names_a_test_or_says_what_is_missing() -> None:
    text = page("security")
    risks = section(text, "OWASP Top 10 for LLM applications (2025)")
    assert set(re.findall(r"^\| (LLM\d\d)", risks, re.MULTILINE)) == _CHAPTERS
    asvs = section(text, "ASVS 5.0, level 2")
    rows = re.findall(r"^\| (V\d+\.\d+) [^|]*\| ([^|]*) \|([^|]*)\|(.*)\|$", asvs, re.MULTILINE)
    assert len(rows) > 35
    for number, state, _, tests in rows:
        assert state.strip().split()[0] in {"held", "partly"}, number
        assert _NAMED.search(tests), number


def test_each_table_is_in_the_inventory_and_no_other() -> None:
    kept = section(page("privacy"), "What is kept")
    told = {
        name
        for cell in re.findall(r"^\| (`[^|]+) \|", kept, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    there = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert told - _OTHERS == there


def test_who_else_gets_data_is_who_the_settings_name() -> None:
    others = section(page("privacy"), "Who else gets it")
    told = set(re.findall(r"\(`([A-Z_]+)`", others))
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", page("configuration"), re.MULTILINE))
    assert told <= described
    # What leads to another party, by its form: addresses of services and keys for them.
    leading = {
        name
        for name in described
        if re.search(r"(_BASE_URL|_DSN|^EMAIL_URL|SINK|POSTHOG_API_KEY)", name)
    }
    assert leading <= told


def test_each_command_of_the_checklist_is_there() -> None:
    commands = re.findall(r"`((?:make|python) [^`]+)`", section(page("deploy"), "Checklist"))
    assert len(commands) > 12
    known = get_commands()
    for command in commands:
        words = command.split()
        if words[0] == "make":
            done = subprocess.run(
                ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, check=False
            )
            assert done.returncode == 0, command
        elif words[1] == "manage.py":
            assert words[2] in known, command
        else:
            assert find_spec(words[2]) is not None, command
