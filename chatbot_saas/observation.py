"""Sentry and PostHog, each silent unless configured, and never given what people wrote."""

from typing import Any

from django.conf import settings

from chatbot_saas.logs import without_secrets


def start() -> None:
    """Called once in each process that serves."""
    if settings.SENTRY_DSN:
        _start_sentry()
    if settings.POSTHOG_API_KEY:
        _start_posthog()


def _start_sentry() -> None:
    # Imported here: neither package costs memory where it is not used.
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        send_default_pii=False,
        # Local variables of a frame may hold a visitor's words or a key.
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_discreet,
    )


def _discreet(event: Any, hint: Any) -> Any:
    """An event without the secrets that a link has in its path or query, and without cookies."""
    request = event.get("request")
    if request:
        kept = {"method": request.get("method"), "url": without_secrets(request.get("url", ""))}
        event["request"] = kept
    transaction = event.get("transaction")
    if transaction:
        event["transaction"] = without_secrets(transaction)
    return event


def _start_posthog() -> None:
    import posthog

    posthog.api_key = settings.POSTHOG_API_KEY
    posthog.host = settings.POSTHOG_HOST
