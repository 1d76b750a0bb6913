"""How large a cluster is and where its parts listen."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import s3_server
from bench.stack import MODEL, ROOT, free_port
from chatbot_saas.start_error import StartError

# As in compose.yaml: the platform's own pages, and what workspaces' hosts end in. Every name below
# `localhost` is this machine's; a wildcard needs two dots for OpenSSL to take it.
PLATFORM_HOST, TENANT_SUFFIX = "localhost", "chat.localhost"
DEFAULT_VAR = ROOT / "var" / "cluster"
_DEFAULT_PORTS = {"https": 8443, "http": 8080}
_SERVERS = ("postgres", "redis", "rabbitmq", "epmd", "rabbitmq-distribution", "s3", "provider")
_MONITORS = ("prometheus", "alertmanager", "pager")
# Nothing else of the person's own environment reaches the product.
_KEPT = ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Size:
    """`webs` get the visitors, `standby` run beside them and get none; `pools` has Celery's pool of
    each worker; `monitored` is with Prometheus and Alertmanager; `provider` is the module that answers
    as a model; `drain` is TURN_DRAIN_SECONDS."""

    webs: int = 2
    standby: int = 0
    pools: tuple[str, ...] = ("threads", "prefork")
    beats: int = 2
    monitored: bool = True
    provider: str = "tests.fake_openai"
    drain: float = 20.0
    settings: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """The processes of the product."""
        yield from (f"web{number + 1}" for number in range(self.webs + self.standby))
        yield from (f"worker{number + 1}" for number in range(len(self.pools)))
        yield from (f"beat{number + 1}" for number in range(self.beats))


@dataclass(frozen=True)
class Plan:
    """A cluster before its start. `ports` is by the name of the part that listens there."""

    folder: Path
    size: Size
    ports: Mapping[str, int]
    metrics_token: str
    secret_key: str

    @property
    def first_webs(self) -> list[str]:
        """Those that get the visitors at first."""
        return [f"web{number + 1}" for number in range(self.size.webs)]

    @property
    def url(self) -> str:
        return f"https://{PLATFORM_HOST}:{self.ports['https']}"


def make(folder: Path, size: Size) -> Plan:
    """Raises StartError where a port that was asked for is taken."""
    ports = {name: _outer_port(name) for name in _DEFAULT_PORTS}
    inner = [*_SERVERS, *(_MONITORS if size.monitored else ())]
    inner += [name for name in size.names() if not name.startswith("beat")]
    for name in inner:
        port = free_port()
        while port in ports.values():
            port = free_port()
        ports[name] = port
    return Plan(folder, size, ports, secrets.token_urlsafe(24), secrets.token_urlsafe(50))


def _outer_port(name: str) -> int:
    """CLUSTER_HTTPS_PORT or CLUSTER_HTTP_PORT; without one the usual port, or any where that is taken."""
    variable = f"CLUSTER_{name.upper()}_PORT"
    wanted = os.environ.get(variable, "")
    if not wanted:
        usual = _DEFAULT_PORTS[name]
        return usual if _is_free(usual) else free_port()
    if not wanted.isdigit() or not 0 <= int(wanted) < 65_536:
        raise StartError(f"{variable} must be a port, or 0 for any that is free.")
    if int(wanted) and not _is_free(int(wanted)):
        raise StartError(f"Port {wanted} is taken: set {variable} to another one, or to 0.")
    return int(wanted) or free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of a server that has just ended keep the port for a minute otherwise.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def environment(plan: Plan, urls: Mapping[str, str]) -> dict[str, str]:
    """What every process of the product is given, as on a server; `urls` are those of its servers."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **urls,
        "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
        "SECRET_KEY": plan.secret_key,
        "SERVE_HTTPS": "1",
        "PORT": str(plan.ports["https"]),
        "PLATFORM_HOSTS": PLATFORM_HOST,
        "TENANT_HOST_SUFFIX": TENANT_SUFFIX,
        "TRUSTED_PROXIES": "127.0.0.1",
        "METRICS_TOKEN": plan.metrics_token,
        **s3_server.environment(plan.ports["s3"]),
        "TURN_DRAIN_SECONDS": str(plan.size.drain),
        "LLM_BASE_URL": f"http://127.0.0.1:{plan.ports['provider']}/v1",
        "LLM_MODEL": MODEL,
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
        "CELERY_SKIP_CHECKS": "1",
        **plan.size.settings,
    }
