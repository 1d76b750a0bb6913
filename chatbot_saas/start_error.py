"""What stops a start."""


class StartError(Exception):
    """Nothing can run like this. The message is one line that says what to do about it."""
