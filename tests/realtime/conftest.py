"""Workspaces for sockets, and a model that answers slowly."""

from tests.conversations.conftest import (
    fake,
    make_workspace,
    model_environment,
    workspace,
)

__all__ = ["fake", "make_workspace", "model_environment", "workspace"]
