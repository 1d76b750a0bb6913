"""Passwords of the tests are hashed in little time: what a hash costs is no matter of most of them."""

import os

from django.contrib.auth.hashers import ScryptPasswordHasher

# Of a process that is to hash as the product does.
REAL = {"TEST_HASHES": "real"}


def hash_quickly() -> None:
    """A sixteenth of the work, unless the environment says that it is to be real."""
    if os.environ.get("TEST_HASHES") != "real":
        ScryptPasswordHasher.work_factor = 2**10
