"""A machine whose clock is a minute behind: Django's own is set back, and ours follows it."""

from datetime import timedelta

from django.utils import timezone

_right = timezone.now


def now() -> object:
    return _right() - timedelta(seconds=60)


timezone.now = now  # type: ignore[assignment]
