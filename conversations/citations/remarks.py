"""What is told below an answer. Pure."""

from conversations.llm.base import OFFLINE
from conversations.llm.offline.replies import says_unknown
from conversations.text.small_talk import small_talk


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


def needs_contact(question: str, answered: bool | None) -> bool:
    """Whether it is told whom else to ask: the answer did not help, or a person was asked for."""
    talk = small_talk(question)
    return answered is False or (talk is not None and talk.kind == "agent")
