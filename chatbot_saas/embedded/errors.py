"""The one error of the embedded servers."""

from chatbot_saas.start_error import StartError


class EmbeddedError(StartError):
    """The servers cannot run. The message is one line that says what to do about it."""
