"""What an e-mail address may be: RFC 5321 with the letters of every script (RFC 6531)."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

_LOCAL = re.compile(r"[^\s@\x00-\x1f\x7f()<>\[\]:;,\\\"]{1,64}")


class AddressValidator(EmailValidator):
    """Django's, which knows hosts of every script, with such a name before the “@”."""

    def __call__(self, value: str | None) -> None:
        name, _, host = (value or "").rpartition("@")
        # A dot may be neither at an end nor beside another one.
        if not _LOCAL.fullmatch(name) or "" in name.split("."):
            raise ValidationError(self.message, code=self.code)
        super().__call__(f"name@{host}")


check_address = AddressValidator()
