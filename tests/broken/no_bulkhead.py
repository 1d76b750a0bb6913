"""Requests wait for locks without a limit, and one tenant may have every thread and connection."""

from django.db import connections

from tenants import context
from tenants.backend import limits, shares


def limit_nothing() -> None:
    connections.settings["default"]["OPTIONS"]["options"] = ""


def everything(total: int) -> int:
    return total


limits.limit_requests = limit_nothing
for module in (shares, context):
    module.share_of_one = everything  # type: ignore[attr-defined]
