"""The one error of the embedded servers."""


class EmbeddedError(Exception):
    """The servers cannot run. The message is one line that says what to do about it."""
