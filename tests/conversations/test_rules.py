"""What a chatbot's fields may be: each refusal names its field, and what is kept is tidy."""

from typing import Any
from uuid import uuid4

import pytest

from conversations.chatbots import rules
from conversations.chatbots.rules import check_fields
from core.errors import InvalidRequest
from tenants.context import tenant_context
from tenants.schemas.provisioning import TenantRef


def refused(**fields: Any) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        check_fields(fields)
    return caught.value.param


def test_a_field_that_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="nmae"):
        check_fields({"nmae": "x"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" Ann ", "Ann"), ("Ann \n\t Bot", "Ann Bot"), ("A\x00nn", "Ann"), ("ب", "ب")],
)
def test_a_name_is_one_line(given: str, kept: str) -> None:
    assert check_fields({"name": given}) == {"name": kept}


@pytest.mark.parametrize("name", ["", "  ", "\x00", "x" * (rules.MAX_NAME_LENGTH + 1)])
def test_what_is_no_name(name: str) -> None:
    assert refused(name=name) == "name"


@pytest.mark.parametrize(
    ("field", "most"),
    [("instructions", rules.MAX_INSTRUCTIONS_LENGTH), ("welcome", rules.MAX_WELCOME_LENGTH)],
)
def test_long_texts_have_their_length(field: str, most: int) -> None:
    assert check_fields({field: f" {'x' * most}\x00 "}) == {field: "x" * most}
    assert refused(**{field: "x" * (most + 1)}) == field
    assert check_fields({field: ""}) == {field: ""}


@pytest.mark.parametrize("color", ["#2563EB", "#000000", "#abcdef"])
def test_a_colour_is_kept_in_small_letters(color: str) -> None:
    assert check_fields({"color": color}) == {"color": color.lower()}


@pytest.mark.parametrize(
    "color", ["", "red", "#fff", "#2563eb\n", "#2563eg", "2563eb", "#2563eb;x", "#۲۵۶۳۴۵"]
)
def test_what_would_end_a_style_is_no_colour(color: str) -> None:
    assert refused(color=color) == "color"


def test_suggestions_are_tidy_and_few() -> None:
    given = [" How  much? ", "How much?", "", "\x00", "When?"]
    assert check_fields({"suggested_questions": given}) == {
        "suggested_questions": ["How much?", "When?"]
    }
    many = [f"Question {n}?" for n in range(rules.MAX_QUESTIONS + 1)]
    assert refused(suggested_questions=many) == "suggested_questions"
    assert refused(suggested_questions=["x" * 201]) == "suggested_questions"


def test_an_origin_may_be_copied_with_its_last_slash() -> None:
    given = ["https://shop.example/", " https://shop.example ", "http://localhost:3000"]
    assert check_fields({"allowed_origins": given}) == {
        "allowed_origins": ["https://shop.example", "http://localhost:3000"]
    }


@pytest.mark.parametrize(
    "origin",
    ["*", "shop.example", "https://", "ftp://x.example", "https://a.example/path", "null", "\x00"],
)
def test_what_no_page_could_match_is_no_origin(origin: str) -> None:
    assert refused(allowed_origins=[origin]) == "allowed_origins"


def test_origins_are_few() -> None:
    many = [f"https://{n}.example" for n in range(rules.MAX_ORIGINS + 1)]
    assert refused(allowed_origins=many) == "allowed_origins"
    assert len(check_fields({"allowed_origins": many[:-1]})["allowed_origins"]) == rules.MAX_ORIGINS


def test_a_source_must_be_the_tenants_own(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        assert check_fields({"source_ids": []}) == {"source_ids": []}
        assert refused(source_ids=[uuid4()]) == "source_ids"
        assert refused(source_ids=[uuid4() for _ in range(101)]) == "source_ids"


@pytest.mark.parametrize("model", ["no-such-model", "x" * 101, "a\x00b"])
def test_a_model_needs_a_price(tenant: TenantRef, model: str) -> None:
    with tenant_context(tenant.id):
        assert refused(model=model) == "model"
        assert check_fields({"model": "  "}) == {"model": ""}
        assert check_fields({"model": " offline "}) == {"model": "offline"}
