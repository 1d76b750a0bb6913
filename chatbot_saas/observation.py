"""Sentry and PostHog, each silent unless configured, and never given what people wrote."""

from django.conf import settings


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
    )


def _start_posthog() -> None:
    import posthog

    posthog.api_key = settings.POSTHOG_API_KEY
    posthog.host = settings.POSTHOG_HOST
