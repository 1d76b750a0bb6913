"""Every code that a refusal may have, and what its caller can do about it: for the reference."""

from typing import NamedTuple


class Code(NamedTuple):
    """`status` is the one it comes with; None where it ends a stream that had begun."""

    status: int | None
    code: str
    remedy: str


CODES = (
    Code(400, "invalid_request", "Mend the member that `error.param` names, and send it again."),
    Code(400, "unsupported_parameter", "Leave out the parameter that `error.param` names."),
    Code(401, "unauthenticated", "Send a key that is neither revoked nor expired, as `Bearer`."),
    Code(402, "budget_exceeded", "Raise the workspace's budget, or wait until `until`."),
    Code(403, "permission_denied", "Use a key that has the scope which `detail` names."),
    Code(403, "origin_not_allowed", "Add the page's origin to the chatbot's `allowed_origins`."),
    Code(403, "tenant_suspended", "Ask whoever runs the platform why the workspace is suspended."),
    Code(404, "not_found", "Check the id and the workspace of the key; do not try again."),
    Code(404, "model_not_found", "Take an `id` from `GET /v1/models`."),
    Code(405, "method_not_allowed", "Use one of the methods that the header `Allow` names."),
    Code(408, "request_timeout", "Send the body faster: at least 32 kB a second."),
    Code(409, "conflict", "Take what is there already, or remove something first."),
    Code(413, "payload_too_large", "Send less: the limits are above."),
    Code(415, "unsupported_media_type", "Send the file as `multipart/form-data`."),
    Code(429, "message_quota_exceeded", "Wait until `until`, or take a larger plan."),
    Code(429, "cost_quota_exceeded", "Wait until `until`, or take a larger plan."),
    Code(429, "document_quota_exceeded", "Delete a document, or take a larger plan."),
    Code(429, "rate_limited", "Wait as many seconds as `Retry-After` says, and try again."),
    Code(500, "internal_error", "Try again once; then report the `request_id`."),
    Code(502, "provider_failed", "Try again later, or choose another model for the chatbot."),
    Code(503, "unavailable", "Wait as many seconds as `Retry-After` says, and try again."),
    Code(None, "provider_busy", "Try again in a minute, with another `client_turn_id`."),
    Code(None, "provider_timeout", "Try again, with another `client_turn_id`."),
    Code(None, "provider_unavailable", "Try again in a minute, with another `client_turn_id`."),
    Code(None, "provider_protocol", "Try again, with another `client_turn_id`."),
    Code(None, "provider_empty", "Try again, or ask in other words."),
    Code(None, "interrupted", "Try again, with another `client_turn_id`."),
)
