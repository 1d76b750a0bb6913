"""Sentry, silent unless configured: it hears where something broke, and never what people wrote."""

from typing import TYPE_CHECKING, Any

from django.conf import settings

from chatbot_saas.logs import without_secrets

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


def start(**_: object) -> None:
    """Called once in each process: web, worker and beat (as a receiver of Celery's signals)."""
    if not settings.SENTRY_DSN:
        return
    # Loaded where it is used: it is memory that nobody else needs.
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.RELEASE or None,
        send_default_pii=False,
        # Local variables of a frame may hold a visitor's words or a key.
        include_local_variables=False,
        max_request_body_size="never",
        before_send=without_texts,
        before_breadcrumb=_without_values,
    )


def without_texts(event: "Event", hint: "Hint") -> "Event":
    """An event without what may quote people: the sentences of exceptions (PostgreSQL's show whole
    rows), the values of log lines, a job's arguments, cookies, and the secrets of a link."""
    # Rebuilt from what is known to be harmless; a new member would otherwise slip through.
    request: dict[str, Any] = event.get("request") or {}
    if request:
        kept = {"method": request.get("method"), "url": without_secrets(request.get("url", ""))}
        event["request"] = kept
    transaction = event.get("transaction")
    if transaction:
        event["transaction"] = without_secrets(transaction)
    # Type and stack say where it broke, which is what is needed to mend it.
    for exception in (event.get("exception") or {}).get("values", ()):
        exception.pop("value", None)
    logged = event.get("logentry")
    if logged:
        event["logentry"] = {"message": logged.get("message", "")}
    extra = event.get("extra") or {}
    event["extra"] = {name: extra[name] for name in _OURS & extra.keys()}
    return event


# What our log lines say beside their sentence: ids and counts.
_OURS = {"tenant_id", "ticket_id", "kind", "attempts"}


def _without_values(crumb: dict[str, Any], hint: "Hint") -> dict[str, Any]:
    """What happened before, as the category alone: a message may be a log line with its values."""
    return {
        name: crumb[name] for name in ("type", "category", "level", "timestamp") if name in crumb
    }
