"""Why the server closes a socket; docs/socket.md says them."""

BAD_FRAME = 4400
BAD_KEY = 4401
BAD_ORIGIN = 4403
NO_SESSION = 4408
TOO_SLOW = 1013
TOO_MUCH = 1008
FAULT = 1011


class Closed(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
