"""What every transport checks of a visitor's question."""

from core.errors import InvalidRequest

MAX_TEXT_LENGTH = 8_000
MAX_CLIENT_TURN_ID_LENGTH = 128
# PostgreSQL stores no NUL. An id with one is refused: without it, it would be another id.
NO_NUL = r"^[^\x00]*$"


def without_nul(text: str) -> str:
    """What can be stored of a text that somebody wrote."""
    # Dropped and not refused: it comes with copied text, and nobody sees it.
    return text.replace("\x00", "")


def check_text(text: str) -> str:
    """The question, when it is one. Raises `InvalidRequest`."""
    text = without_nul(text)
    if not text.strip():
        raise InvalidRequest("The message is empty.", param="text")
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidRequest(
            f"A message is at most {MAX_TEXT_LENGTH:,} characters; this one has {len(text):,}.",
            param="text",
        )
    return text
