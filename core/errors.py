"""Errors that a person may see, and their one wire form.

Every refusal of the product is an `AppError`. Its message is written for whoever called: it says
what is wrong and what to do, and holds nothing of another tenant, no query and no path.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar


class AppError(Exception):
    """Base of every refusal.

    `code` is stable and machine-readable, `status` is the HTTP status, `retry_after` is in seconds,
    `until` is when a spent limit frees again, `param` names the offending field.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after: int | None = None,
        until: datetime | None = None,
        detail_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after
        self.until = until
        self.detail_code = detail_code or self.code


class InvalidRequest(AppError):
    code, status, title = "invalid_request", 400, "Invalid request"


class Unauthenticated(AppError):
    code, status, title = "unauthenticated", 401, "Not authenticated"


class BudgetExceeded(AppError):
    code, status, title = "budget_exceeded", 402, "Budget spent"


class PermissionDenied(AppError):
    code, status, title = "permission_denied", 403, "Not allowed"


class TenantSuspended(AppError):
    code, status, title = "tenant_suspended", 403, "Workspace suspended"


class NotFound(AppError):
    code, status, title = "not_found", 404, "Not found"


class MethodNotAllowed(AppError):
    """`allowed` are the methods that the path has."""

    code, status, title = "method_not_allowed", 405, "Method not allowed"

    def __init__(self, message: str, *, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed


class Conflict(AppError):
    code, status, title = "conflict", 409, "Conflict"


class RequestTooSlow(AppError):
    code, status, title = "request_timeout", 408, "Too slow"


class PayloadTooLarge(AppError):
    code, status, title = "payload_too_large", 413, "Too large"


class UnsupportedMedia(AppError):
    code, status, title = "unsupported_media_type", 415, "Unsupported type"


class QuotaExceeded(AppError):
    code, status, title = "quota_exceeded", 429, "Quota spent"


class RateLimited(AppError):
    """`limit` is the name of the one that refused."""

    code, status, title = "rate_limited", 429, "Too many requests"

    def __init__(self, message: str, *, limit: str = "", **details: Any) -> None:
        super().__init__(message, **details)
        self.limit = limit


class InternalError(AppError):
    """What a caller is told about a fault of ours; the cause is in the log under the request id."""


class ProviderFailed(AppError):
    code, status, title = "provider_failed", 502, "The model did not answer"


class Unavailable(AppError):
    code, status, title = "unavailable", 503, "Not available"


# OpenAI's clients decide by this word whether to try again.
_OPENAI_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def problem(error: AppError, *, request_id: str, instance: str = "") -> dict[str, Any]:
    """One body that is an RFC 9457 problem and an OpenAI error at once, so both client kinds read it."""
    kind = _OPENAI_TYPES.get(error.status)
    if kind is None:
        kind = "invalid_request_error" if error.status < 500 else "server_error"
    # A 429 that no waiting of seconds mends: their clients must not retry it.
    if isinstance(error, QuotaExceeded):
        kind = "insufficient_quota"
    body: dict[str, Any] = {
        # No page describes a code, and RFC 9457 says to write this then.
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "instance": instance,
        "code": error.detail_code,
        "request_id": request_id,
        "error": {
            "message": error.message,
            "type": kind,
            "code": error.detail_code,
            "param": error.param,
        },
    }
    if error.until is not None:
        body["until"] = error.until.isoformat()
    return body


def problem_headers(error: AppError) -> dict[str, str]:
    """The headers that belong to an error: `Retry-After` (seconds), the challenge of a 401, what a
    405 allows."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    # RFC 9110 wants a challenge with each 401.
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(error, MethodNotAllowed) and error.allowed:
        headers["Allow"] = ", ".join(error.allowed)
    return headers
