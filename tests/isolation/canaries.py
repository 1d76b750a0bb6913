"""A word that stands in everything of one tenant's and nowhere else, and the search for strangers'."""

import re

from conversations.chatbots.onboarding import Workspace

_CANARY = re.compile(r"CANARY-(w[0-9a-f]{16})")


def canary(workspace: Workspace) -> str:
    return f"CANARY-{workspace.tenant.slug}"


def foreign_in(text: str, workspace: Workspace) -> list[str]:
    """Canaries in the text that are not this tenant's."""
    return [slug for slug in _CANARY.findall(text) if slug != workspace.tenant.slug]
