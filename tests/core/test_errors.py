"""Errors in their one wire form, which two kinds of clients read."""

import inspect
from datetime import UTC, datetime

import pytest

from core import errors
from core.errors import AppError, MethodNotAllowed, QuotaExceeded, problem, problem_headers

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, AppError) and kind not in {AppError, MethodNotAllowed}
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem_and_an_openai_error_at_once(kind: type[AppError]) -> None:
    body = problem(kind("Do it differently.", param="name"), request_id="r1", instance="/v1/x")
    assert (body["status"], body["title"], body["detail"]) == (
        kind.status,
        kind.title,
        "Do it differently.",
    )
    assert (body["code"], body["request_id"], body["instance"]) == (kind.code, "r1", "/v1/x")
    assert body["error"]["message"] == body["detail"]
    assert (body["error"]["code"], body["error"]["param"]) == (kind.code, "name")
    assert body["error"]["type"].endswith(("_error", "insufficient_quota"))
    assert "until" not in body


def test_codes_are_stable_words_and_each_is_one_kinds() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("_", "").isalpha() and code.islower() for code in codes)


def test_a_spent_quota_is_not_to_be_tried_again_like_a_rate() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    spent = problem(QuotaExceeded("Spent.", until=until, detail_code="cost"), request_id="")
    assert spent["error"]["type"] == "insufficient_quota"
    assert (spent["code"], spent["until"]) == ("cost", "2026-12-01T00:00:00+00:00")
    rate = problem(errors.RateLimited("Wait."), request_id="")
    assert rate["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (errors.NotFound("x"), {}),
        (errors.Unavailable("x", retry_after=5), {"Retry-After": "5"}),
        (errors.Unauthenticated("x"), {"WWW-Authenticate": 'Bearer realm="api"'}),
        (MethodNotAllowed("x", allowed=["GET", "POST"]), {"Allow": "GET, POST"}),
        (MethodNotAllowed("x"), {}),
    ],
)
def test_an_error_brings_the_headers_that_belong_to_it(
    error: AppError, headers: dict[str, str]
) -> None:
    assert problem_headers(error) == headers
