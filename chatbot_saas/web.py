"""Serves the product over HTTP and WebSocket: `python -m chatbot_saas.web --port 8000`."""

import argparse
import os

import uvicorn

# A frame may be 64 KiB, and the consumer says so politely; this only bounds what is buffered.
LARGEST_FRAME = 262_144


def main() -> None:
    """Serve until SIGTERM; running requests get --grace seconds to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="web processes (default 1)")
    parser.add_argument("--grace", type=int, default=20, help="seconds for running requests")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")
    uvicorn.run(
        "chatbot_saas.asgi:application",
        host=options.host,
        port=options.port,
        workers=options.workers,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        # Compression costs 44 kB a socket, and answers are small.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=options.grace,
        # Our own JSON logging stays, and our own request log instead of uvicorn's.
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
