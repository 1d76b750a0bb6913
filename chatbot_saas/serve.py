"""Serves the product over HTTP and WebSocket: `python -m chatbot_saas.serve --port 8000`."""

import argparse
import math
import os
from typing import Any

import uvicorn
from django.conf import settings

from chatbot_saas.http_protocol import Protocol
from chatbot_saas.realtime.protocol import CountedProtocol

# A frame may be 64 KiB, and the consumer says so politely; this only bounds what is buffered.
LARGEST_FRAME = 262_144


def server_options(grace: int | None = None) -> dict[str, Any]:
    """How uvicorn serves the product. `grace` is how many seconds running requests may take at the
    end: as long as the turns, unless it is given."""
    return {
        "http": Protocol,
        # Bounded for a client that does not read, which the other protocols are not, and ours for one
        # that sends too much.
        "ws": CountedProtocol,
        "ws_max_size": LARGEST_FRAME,
        # Compression costs 44 kB a socket, and answers are small.
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": grace or math.ceil(settings.TURN_DRAIN_SECONDS),
        # Whose X-Forwarded-Proto says that a page came over TLS. Without one nobody's.
        "forwarded_allow_ips": list(settings.TRUSTED_PROXIES),
        # Our own JSON logging stays, and our own request log instead of uvicorn's.
        "log_config": None,
        "access_log": False,
        "server_header": False,
    }


def main() -> None:
    """Serve until SIGTERM. Sockets are told to reconnect at once; running requests get --grace
    seconds to end, and turns then `TURN_DRAIN_SECONDS`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="web processes (default 1)")
    parser.add_argument(
        "--grace", type=int, help="seconds for running requests (default TURN_DRAIN_SECONDS)"
    )
    options = parser.parse_args()
    uvicorn.run(
        "chatbot_saas.asgi:application",
        host=options.host,
        port=options.port,
        workers=options.workers,
        **server_options(options.grace),
    )


if __name__ == "__main__":
    main()
