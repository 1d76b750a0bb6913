"""Which answers are to say that they have no source. Pure."""

from conversations.llm.base import OFFLINE
from conversations.llm.offline.replies import says_unknown


def is_unsourced(
    *, status: str, text: str, is_cited: bool, answered: bool | None, provider: str
) -> bool:
    """Whether a visitor could take it for what the documents say, and it cites none of them: small talk
    needs no source, and who quotes or does not know claims nothing."""
    return (
        status == "completed"
        and not is_cited
        and answered is False
        and provider != OFFLINE
        and not says_unknown(text)
    )
