"""What a chatbot's fields may be. Each refusal names its field in `param`."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import TextChoices

from billing.selectors import price_of
from conversations.chatbots.contact import check_contact
from conversations.chatbots.origins import refuse_origin
from conversations.models import Language, Position, Theme, Unsourced, Unsupported
from conversations.turns.question import without_nul
from core.errors import InvalidRequest, Unavailable
from core.names import check_name
from knowledge.models import Source

MAX_NAME_LENGTH, MAX_INSTRUCTIONS_LENGTH, MAX_WELCOME_LENGTH, MAX_QUESTION_LENGTH = (
    120,
    8_000,
    1_000,
    200,
)
MAX_LAUNCHER_TEXT_LENGTH = 40
MAX_QUESTIONS, MAX_ORIGINS, MAX_SOURCES = 6, 50, 100
COLOR = r"^#[0-9a-fA-F]{6}$"


def check_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored. Raises `InvalidRequest`, `TypeError` for a field unknown."""
    unknown = fields.keys() - _RULES.keys()
    if unknown:
        raise TypeError(f"a chatbot has no field {', '.join(sorted(unknown))}")
    return {name: _RULES[name](value) for name, value in fields.items()}


def _name(value: str) -> str:
    name = " ".join(without_nul(value).split())
    if not name:
        raise InvalidRequest("A chatbot needs a name.", param="name")
    check_name(name)
    return _at_most(name, MAX_NAME_LENGTH, "name")


def _instructions(value: str) -> str:
    return _at_most(without_nul(value).strip(), MAX_INSTRUCTIONS_LENGTH, "instructions")


def _welcome(value: str) -> str:
    return _at_most(without_nul(value).strip(), MAX_WELCOME_LENGTH, "welcome")


def _launcher_text(value: str) -> str:
    text = " ".join(without_nul(value).split())
    return _at_most(text, MAX_LAUNCHER_TEXT_LENGTH, "launcher_text")


def _at_most(text: str, longest: int, param: str) -> str:
    if len(text) > longest:
        raise InvalidRequest(
            f"This is {len(text):,} characters long; {longest:,} is the most.", param=param
        )
    return text


def _model(value: str) -> str:
    model = value.strip()
    if not model:
        return ""
    try:
        # A model without a price would refuse every question.
        if "\x00" in model or len(model) > 100:
            raise Unavailable("no model is called so")
        price_of(model)
    except Unavailable as error:
        raise InvalidRequest("There is no such model here.", param="model") from error
    return model


def _color(value: str) -> str:
    # `$` matches before a last line end, which would end the style that it stands in.
    if not re.fullmatch(COLOR, value) or value.endswith("\n"):
        raise InvalidRequest("A colour is # and six hexadecimal digits: #2563eb.", param="color")
    return value.lower()


def _questions(values: list[str]) -> list[str]:
    param = "suggested_questions"
    kept = [" ".join(without_nul(value).split()) for value in values]
    kept = list(dict.fromkeys(filter(None, kept)))
    if len(kept) > MAX_QUESTIONS:
        raise InvalidRequest(f"Suggest at most {MAX_QUESTIONS} questions.", param=param)
    return [_at_most(question, MAX_QUESTION_LENGTH, param) for question in kept]


def _origins(values: list[str]) -> list[str]:
    param = "allowed_origins"
    # People copy an address with its last slash, which no Origin has.
    kept = list(dict.fromkeys(value.strip().rstrip("/") for value in values))
    if len(kept) > MAX_ORIGINS:
        raise InvalidRequest(f"List at most {MAX_ORIGINS} origins.", param=param)
    # All at once: whoever pastes a list of addresses corrects it once.
    wrong = [refusal for value in kept if (refusal := refuse_origin(value))]
    if wrong:
        raise InvalidRequest("\n".join(wrong), param=param)
    return kept


def _sources(values: list[UUID]) -> list[UUID]:
    param = "source_ids"
    kept = list(dict.fromkeys(values))
    if len(kept) > MAX_SOURCES:
        raise InvalidRequest(f"Choose at most {MAX_SOURCES} sources.", param=param)
    # Another tenant's source is in another schema, so it is not there.
    if Source.objects.filter(pk__in=kept).count() != len(kept):
        raise InvalidRequest("There is no such source.", param=param)
    return kept


def _one_of(choices: type[TextChoices], param: str) -> Callable[[str], str]:
    def rule(value: str) -> str:
        if value not in choices.values:
            raise InvalidRequest(f"Choose one of: {', '.join(choices.values)}.", param=param)
        return value

    return rule


# The one list of what may be set; whoever adds a field adds its rule.
_RULES: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "instructions": _instructions,
    "model": _model,
    "color": _color,
    "theme": _one_of(Theme, "theme"),
    "position": _one_of(Position, "position"),
    "language": _one_of(Language, "language"),
    "launcher_text": _launcher_text,
    "welcome": _welcome,
    "suggested_questions": _questions,
    "allowed_origins": _origins,
    "source_ids": _sources,
    "contact": check_contact,
    "unsupported_statements": _one_of(Unsupported, "unsupported_statements"),
    "unsourced_answers": _one_of(Unsourced, "unsourced_answers"),
}
