"""What a refusal looks like, and what each status means."""

import msgspec

PROBLEM = "application/problem+json"
MEANINGS = {
    200: "Success.",
    201: "Created.",
    202: "Accepted; it is processed in the background.",
    204: "Done; there is no body.",
    400: "The request does not fit; `error.param` names what does not.",
    401: "No key, or one that is unknown, revoked or expired.",
    402: "The workspace's own budget for the month is spent.",
    403: "The key may not do this, or the workspace is suspended.",
    404: "It does not exist, or is not the caller's.",
    409: "It exists already, or there are too many.",
    413: "The request is too large.",
    415: "The body is of a type that this path does not take.",
    429: "A quota is spent, or requests come too fast; `Retry-After` says when to try again.",
    502: "The model refused the request, or failed.",
    503: "The service is not available at the moment.",
}


class ProblemDetail(msgspec.Struct):
    """The same refusal in the form of OpenAI's API."""

    message: str
    type: str
    code: str
    param: str | None


class Problem(msgspec.Struct, kw_only=True):
    """An RFC 9457 problem that is an OpenAI error as well. `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    error: ProblemDetail
    until: str | msgspec.UnsetType = msgspec.UNSET
