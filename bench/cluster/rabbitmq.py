"""How a node of Debian's RabbitMQ is started on loopback, with names and files of its own."""

import os
import subprocess
from pathlib import Path

# Debian's own command changes the account and wants a system's service.
PROGRAM = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"), None)
MISSING = "RabbitMQ is not installed: apt-get install rabbitmq-server"


def url(port: int) -> str:
    """For Celery. Its guest is let in from loopback alone."""
    return f"amqp://guest:guest@127.0.0.1:{port}//"


def configuration(port: int) -> str:
    """What stands in `rabbitmq.conf`."""
    return f"listeners.tcp.1 = 127.0.0.1:{port}\n"


def environment(folder: Path, *, port: int, epmd: int, distribution: int) -> dict[str, str]:
    """Queues stay in `folder`, which has `rabbitmq.conf`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"node{port}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        # Names of nodes, and of nobody outside of this machine.
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd),
        # It may be ended before it has noticed that the node is gone.
        "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
    }


def forget_names(epmd: int) -> None:
    """The process that knows the nodes' names outlives them."""
    subprocess.run(
        ["epmd", "-port", str(epmd), "-kill"],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
