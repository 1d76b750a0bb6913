"""What is promised can be reached: every setting has a form and an operation, every code is told by code
that a request comes to, every event is sent and every member of a frame is read."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import msgspec
import pytest
from django.apps import apps
from django.conf import global_settings, settings
from django.db.models import Model
from django.urls import get_resolver

from billing.models import Budget, QuotaPeriod
from chatbot_saas.api.schema import description
from chatbot_saas.dashboard.budget import BudgetForm
from chatbot_saas.dashboard.forms import ChatbotForm
from chatbot_saas.realtime import frames
from conversations.chatbots.contact import LONGEST
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import ChatbotFields
from conversations.models import Chatbot
from conversations.turns import events, failures
from core import errors
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conversations.client import ORIGIN, Chat
from tests.docs.test_pages import PACKAGES, error_codes, page, product_files, section
from tests.live import ROOT, Process

# Where a request, a frame or a message of the broker comes in.
DOORS = (
    *("chatbot_saas.api", "chatbot_saas.dashboard", "chatbot_saas.realtime", "chatbot_saas.widget"),
    *("chatbot_saas.backoffice", "chatbot_saas.gate", "chatbot_saas.errors", "chatbot_saas.asgi"),
)
# Fields that nobody sets, and why.
GIVEN = {
    "id": "made by the server",
    "created_at": "the server's clock",
    "updated_at": "the server's clock",
    "changed_at": "the server's clock",
    "changed_by": "whoever sets the others",
    "removed_at": "says that the chatbot is being deleted",
}
# Fields that are called otherwise at their doors.
CALLED = {"cost_per_month": "amount", "sources": "source_ids"}
# Fields with doors of their own: the operation that sets it, and the page's address that does.
APART = {
    "avatar": ("set_avatar", "save_avatar"),
    "identity_secrets": ("create_identity_secret", "create_identity_secret"),
}
# What the rows of a workspace's tables come from, where no form of settings makes them. A table that is
# added is named here, or its fields have doors.
RECORDS = {
    "billing.Hold": "a running turn",
    "billing.QuotaNotice": "a turn that comes near a limit",
    "billing.QuotaPeriod": "the month's first turn",
    "billing.UsageRecord": "a turn's end",
    "conversations.ChatbotAvatar": "the door of `avatar`",
    "conversations.ChatbotSource": "the doors of `source_ids`",
    "conversations.Citation": "an answer",
    "conversations.Conversation": "a visitor",
    "conversations.Feedback": "a visitor",
    "conversations.Message": "a visitor, and an answer",
    "conversations.Sighting": "a page with the widget",
    "conversations.Turn": "a visitor",
    "knowledge.Chunk": "a document's ingestion",
    "knowledge.Document": "an upload",
    "knowledge.Corpus": "a document's ingestion",
    "knowledge.Embedding": "a document's ingestion",
    "knowledge.RawVector": "a document's ingestion",
    "knowledge.Source": "an upload",
    "knowledge.TermFrequency": "a document's ingestion",
    "workspace.AuditEvent": "whatever is audited",
    "workspace.OutboxEvent": "whatever is told to the outside",
    "workspace.OutboxKey": "whatever is told to the outside",
}
# Of the workspace itself, whose row is the platform's.
WORKSPACE = {
    "id": "made by the server",
    "slug": "chosen with the sign-up: its host is made of it",
    "name": "chosen with the sign-up",
    "status": "the operator's",
    "created_at": "the server's clock",
}
SETTINGS: list[tuple[type[Model], str, type[Any]]] = [
    (Chatbot, "update_chatbot", ChatbotForm),
    (Budget, "set_budget", BudgetForm),
]


def operations() -> dict[str, dict[str, Any]]:
    return {
        one["operationId"]: one
        for methods in description()["paths"].values()
        for one in methods.values()
    }


def members_of_body(operation_id: str) -> set[str]:
    schema = operations()[operation_id]["requestBody"]["content"]["application/json"]["schema"]
    return set(
        description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    )


def settable(model: type[Model]) -> set[str]:
    """The model's own fields, and those that others hang on it, as they are called at the doors."""
    own = {field.name for field in model._meta.concrete_fields} - GIVEN.keys() - APART.keys()
    hung = {str(each.get_accessor_name()) for each in model._meta.related_objects} & CALLED.keys()
    return {CALLED.get(name, name) for name in own | hung}


@pytest.mark.parametrize(("model", "operation_id", "form"), SETTINGS)
def test_every_setting_has_a_member_of_the_api_and_a_field_of_a_form(
    model: type[Model], operation_id: str, form: type[Any]
) -> None:
    wanted = settable(model)
    assert members_of_body(operation_id) == wanted
    # How people are reached is several fields of one member.
    fields = {
        "contact" if name.removeprefix("contact_") in LONGEST else name for name in form.base_fields
    }
    assert fields == wanted
    if model is Chatbot:
        assert ChatbotFields.__annotations__.keys() == wanted


def test_every_setting_apart_has_its_operation_and_its_page() -> None:
    pages = {str(name) for name in get_resolver(settings.ROOT_URLCONF).reverse_dict}
    for field, (operation_id, url_name) in APART.items():
        assert Chatbot._meta.get_field(field)
        assert operation_id in operations()
        assert url_name in pages


def test_every_table_of_a_workspace_is_set_at_a_door_or_comes_from_somewhere() -> None:
    labels = {name.rpartition(".")[2] for name in settings.TENANT_APPS}
    tables = {model._meta.label for model in apps.get_models() if model._meta.app_label in labels}
    set_at_doors = {model._meta.label for model, _, _ in SETTINGS}
    assert tables == set_at_doors | RECORDS.keys()
    own = {field.name for field in Tenant._meta.concrete_fields}
    assert own - {"schema_name"} == WORKSPACE.keys()


@cache
def trees() -> dict[str, ast.Module]:
    """The product's modules, parsed, by name."""
    found = {}
    for path in product_files():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Module, name of what is called, and the call."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield module, ast.unparse(node.func).rpartition(".")[2], node


def constants(node: ast.AST) -> set[str]:
    found = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {each for each in found if isinstance(each, str)}


@cache
def reached() -> frozenset[str]:
    """Modules that a door imports, by whatever way, and the doors."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    doors = {name for name in graph.modules if name.startswith(DOORS)}
    return frozenset(doors.union(*(graph.find_upstream_modules(door) for door in doors)))


def kinds_of_errors() -> dict[str, str]:
    """Code of each class, by the class's name."""
    kinds, found = [errors.AppError], {}
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found[kind.__name__] = kind.code
    return found


def codes_told() -> set[str]:
    """What the code tells behind a door: a class's own code where a call gives no other."""
    found, kinds = set(), kinds_of_errors()
    for module, called, call in calls():
        if module not in reached():
            continue
        given = [each.value for each in call.keywords if each.arg == "detail_code"]
        if called in kinds and not given:
            found.add(kinds[called])
        for value in given:
            found |= constants(value)
        if called == "error_frame" and call.args:
            found |= constants(call.args[0])
    # The limits of a month are named before the refusal is made.
    text = ast.unparse(trees()["billing.quotas"])
    return found | set(re.findall(r"code = '(\w+)'", text))


def test_every_code_of_the_pages_is_told_and_every_code_that_is_told_is_on_a_page() -> None:
    api = set(re.findall(r"^\| \d{3} \| `(\w+)` \|", page("api"), re.MULTILINE))
    socket = set(
        re.findall(r"`(\w+)`", section(page("socket"), "Error codes").partition("\n\nThe codes")[0])
    )
    refusals = section(page("metering"), "Order of refusal")
    metering = set(re.findall(r"`([a-z]+_[a-z_]+)`", refusals.partition("\n\nThe message")[0]))
    told = codes_told()
    assert api - told == set()
    assert socket - {"code", "when"} - told == set()
    assert metering - told == set()
    assert told - api - socket == set()
    assert api == error_codes()


def test_every_way_a_turn_fails_is_told_somewhere() -> None:
    """Beside the table of their words."""
    own = "conversations.turns.failures"
    names = {"INTERRUPTED": failures.INTERRUPTED, "INTERNAL": failures.INTERNAL}
    found: set[str] = set()
    for module in reached() - {own, "chatbot_saas.api.guide.codes"}:
        tree = trees().get(module, ast.Module([], []))
        found |= constants(tree) & failures._MESSAGES.keys()
        used = {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
        used |= {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
        found |= {names[name] for name in used & names.keys()}
    assert found == failures._MESSAGES.keys()


def kinds_of(union: object) -> list[type[msgspec.Struct]]:
    found: list[type[msgspec.Struct]] = list(union.__args__)  # type: ignore[attr-defined]
    return found


def test_every_event_is_sent_with_every_member() -> None:
    given: dict[str, set[str]] = {kind.__name__: set() for kind in kinds_of(events.TurnEvent)}
    for module, called, call in calls():
        if called in given and module in reached():
            given[called] |= {str(each.arg) for each in call.keywords}
    for kind in kinds_of(events.TurnEvent):
        members = {field.name for field in msgspec.structs.fields(kind)}
        assert given[kind.__name__] == members, kind


def test_every_member_of_a_frame_is_read() -> None:
    read: set[str] = set()
    for module, tree in trees().items():
        if module.startswith("chatbot_saas.realtime") and module != frames.__name__:
            read |= {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
            read |= {
                str(name)
                for each in ast.walk(tree)
                if isinstance(each, ast.MatchClass)
                for name in each.kwd_attrs
            }
            names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
            read |= names
    for kind in kinds_of(frames.ClientFrame):
        members = {field.name for field in msgspec.structs.fields(kind)}
        assert {kind.__name__, *members} - read == set()


def test_a_session_begins_with_the_members_that_are_described(
    web: Process, workspace: Workspace
) -> None:
    row = re.search(r"^\| `session.ready` \| (.*) \|$", page("socket"), re.MULTILINE)
    assert row is not None
    described = {
        name: set(re.findall(r"`(\w+)`", inner))
        for name, inner in re.findall(r"`(\w+)`(?: \(([^)]*)\))?", row[1])
    }
    with tenant_context(workspace.tenant.id):
        Chatbot.objects.update(allowed_origins=[ORIGIN])
    with Chat(web.socket_url, workspace.publishable_key, origin=ORIGIN) as chat:
        sent = chat.ready
    assert sent.keys() - {"type"} == described.keys()
    for name in ("chatbot", "answerer"):
        assert sent[name].keys() == described[name], name


def test_every_setting_of_the_environment_changes_something() -> None:
    """What is read of it is read again: by our code, by Django, or by a package."""
    tree = trees()["chatbot_saas.settings"]
    assigned: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and "env." in ast.unparse(node.value):
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        assigned[name.id] = ast.unparse(node)
    assert len(assigned) > 40
    own = ast.unparse(tree)
    others = "\n".join(ast.unparse(each) for name, each in trees().items() if each is not tree)
    unread = [
        name
        for name, line in assigned.items()
        if not hasattr(global_settings, name)
        and not name.startswith("CELERY_")
        and f"settings.{name}" not in others
        and len(re.findall(rf"\b{name}\b", own)) == len(re.findall(rf"\b{name}\b", line))
    ]
    assert unread == []


def test_a_form_without_a_field_and_a_table_without_a_door_are_found() -> None:
    class Narrow(ChatbotForm):
        """A form that forgot something."""

        welcome = None  # type: ignore[assignment]

    with pytest.raises(AssertionError, match="welcome"):
        test_every_setting_has_a_member_of_the_api_and_a_field_of_a_form(
            Chatbot, "update_chatbot", Narrow
        )
    with pytest.raises(AssertionError, match="starts_on"):
        test_every_setting_has_a_member_of_the_api_and_a_field_of_a_form(
            QuotaPeriod, "set_budget", BudgetForm
        )


def test_the_files_are_those_of_the_product() -> None:
    assert len(trees()) > 200
    assert all(isinstance(path, Path) for path in product_files())
