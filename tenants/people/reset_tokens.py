"""The token in the link of a forgotten password: good for an hour and for one use."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetTokens(PasswordResetTokenGenerator):
    """Django's, which end with the next log-in, password or address of the account.

    Not those of an account that only claims its address, which may be a stranger's: they would log in, or
    change its password, again and again, and the address's owner would never get to use the link. Using
    it proves the address, which ends all of them.
    """

    key_salt = "tenants.people.reset_tokens"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        if user.confirmed_at is None:
            return f"{user.pk}|{user.email}|{timestamp}"
        proven: str = super()._make_hash_value(user, timestamp)
        return f"{proven}|{user.confirmed_at}"


reset_tokens = ResetTokens()
