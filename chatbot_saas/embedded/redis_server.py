"""The embedded Redis: cache, channel layer, event logs and broker, reached by socket only."""

import signal
import socket
import subprocess
import tempfile

from chatbot_saas.embedded.account import make_private_dir
from chatbot_saas.embedded.binaries import Binaries, check_runs
from chatbot_saas.embedded.layout import Layout
from chatbot_saas.embedded.process import server_env, spawn

NAME = "redis"
STOP_STEPS = ((signal.SIGTERM, 3.0),)


def prepare(layout: Layout, binaries: Binaries) -> None:
    """Check that the program runs, before the first start."""
    if not any(layout.redis_home.iterdir()):
        check_runs(binaries.redis_server)


def start(layout: Layout, binaries: Binaries) -> subprocess.Popen[bytes]:
    """Start the server; it is not ready yet."""
    make_private_dir(layout.redis_socket.parent, layout.account)
    # By stdin: the password is on no command line and in no further file.
    with tempfile.TemporaryFile() as configuration:
        configuration.write(_configuration(layout).encode())
        configuration.seek(0)
        return spawn(
            [binaries.redis_server, "-"],
            log_file=layout.var.log_file(NAME),
            death_signal=signal.SIGTERM,
            account=layout.account,
            cwd=layout.redis_home,
            env=server_env(),
            stdin=configuration,
        )


def is_ready(layout: Layout, pid: int) -> bool:
    """Whether somebody answers PING on the socket; a server that still loads says LOADING."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(layout.redis_socket))
            client.sendall(f"AUTH {layout.credentials.redis}\r\nPING\r\n".encode())
            answer = b""
            # Two answers, to AUTH and to PING, which may come in pieces.
            while answer.count(b"\r\n") < 2:
                part = client.recv(256)
                if not part:
                    return False
                answer += part
            return b"+PONG" in answer
    except OSError:
        return False


def _configuration(layout: Layout) -> str:
    lines = [
        "port 0",
        f'unixsocket "{layout.redis_socket}"',
        "unixsocketperm 700",
        f"requirepass {layout.credentials.redis}",
        f'dir "{layout.redis_home}"',
        # Refusing a write is an error somebody sees; evicting a queue's message is a silent loss.
        "maxmemory-policy noeviction",
        # Cache, channel layer, event logs, broker: what one flushes cannot hit another.
        "databases 4",
        'save ""',
        f"appendonly {'yes' if layout.durable else 'no'}",
        # A second of event logs may be lost; answers and charges are in PostgreSQL.
        "appendfsync everysec",
        "loglevel warning",
        "daemonize no",
    ]
    return "\n".join(lines) + "\n"
