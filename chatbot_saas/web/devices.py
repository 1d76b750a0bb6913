"""The cookie by which a device on which somebody has logged in is known again."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from tenants.models import User
from tenants.people.devices import SECONDS, write_device


def remember_device(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """After a log-in, for half a year. Not of an account that has proved no address: anybody may have
    made it, with any address."""
    if user.confirmed_at is None:
        return
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        write_device(request.COOKIES, user.pk),
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
