"""The parts of a cluster: what each is started with, and how it is told to end."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from bench import s3_server
from bench.cluster import certificate, monitoring, nginx, rabbitmq, ready
from bench.cluster.plan import Plan, environment
from bench.cluster.ready import Ready
from bench.cluster.servers import Servers
from bench.stack import ROOT
from chatbot_saas.embedded.account import Account
from chatbot_saas.embedded.process import server_env, spawn
from chatbot_saas.start_error import StartError

Look = Callable[[str], Ready]
_WORKER_CONCURRENCY = 2
# Nobody reads what they would tell each other.
_ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass(frozen=True)
class Part:
    """One process, and everything below it. `stop` is the signal by which it ends in an orderly way, and
    `orphaned` what the kernel sends it when the supervisor is killed. `is_product`: it starts when
    every one that `is_server` is ready."""

    name: str
    argv: list[str]
    env: Mapping[str, str]
    is_ready: Ready
    account: Account | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    is_server: bool = False
    is_product: bool = False
    cwd: Path = field(default=ROOT)

    def start(self, log_file: Path) -> "Popen[bytes]":
        return spawn(
            [*self.argv],
            log_file=log_file,
            death_signal=self.orphaned,
            account=self.account,
            cwd=self.cwd,
            env=dict(self.env),
        )


def check_programs(plan: Plan) -> None:
    """Raises StartError, in one line, where a program of a Debian package is not installed."""
    wanted = [(nginx.PROGRAM, nginx.MISSING), (rabbitmq.PROGRAM, rabbitmq.MISSING)]
    if plan.size.monitored:
        wanted.append((monitoring.PROMETHEUS, monitoring.NO_PROMETHEUS))
        wanted.append((monitoring.ALERTMANAGER, monitoring.NO_ALERTMANAGER))
    missing = [why for program, why in wanted if program is None]
    if missing:
        packages = " ".join(why.rpartition(" ")[2] for why in missing)
        sentences = "; ".join(why.partition(":")[0] for why in missing)
        raise StartError(f"{sentences}: apt-get install {packages}")
    if not s3_server.is_installed():
        raise StartError(s3_server.MISSING)


def prepare(plan: Plan) -> Path:
    """Writes what nginx, Prometheus and Alertmanager read; gives the certificate's path."""
    (plan.folder / "nginx").mkdir(exist_ok=True)
    (plan.folder / "nginx" / "tls").mkdir()
    path = certificate.make(plan.folder / "nginx" / "tls")
    write_nginx(plan, plan.first_webs)
    if plan.size.monitored:
        monitoring.prepare(plan)
    return path


def write_nginx(plan: Plan, webs: list[str]) -> None:
    """nginx's configuration with these web processes; a running one reads it when it is told to."""
    folder = plan.folder / "nginx"
    tls = nginx.tls_configuration(plan.ports["https"], folder)
    (folder / "tls" / "tls.conf").write_text(tls, encoding="utf-8")
    upstream = [plan.ports[name] for name in webs]
    text = nginx.configuration(upstream, plan.ports["http"], folder)
    nginx_conf(plan).write_text(text, encoding="utf-8")


def nginx_conf(plan: Plan) -> Path:
    return plan.folder / "nginx" / "nginx.conf"


def all_parts(plan: Plan, servers: Servers, trusted: Path) -> list[Part]:
    """In the order of their start."""
    product = environment(plan, servers.urls)

    def look(name: str) -> Ready:
        return ready.of(name, plan.ports, servers.urls, trusted)

    return [
        *_servers(plan, servers, look),
        *(_monitors(plan, look) if plan.size.monitored else ()),
        _provider(plan, look),
        *_webs(plan, product, look),
        *_workers(plan, product, look),
        *_beats(plan, product, look),
        _nginx(plan, look),
    ]


def _servers(plan: Plan, servers: Servers, look: Look) -> Iterator[Part]:
    account, layout = servers.layout.account, servers.layout
    yield Part(
        name="postgres",
        argv=servers.postgres_command(),
        env=server_env(),
        is_ready=look("postgres"),
        account=account,
        # Fast: whoever is connected is sent away.
        stop=signal.SIGINT,
        orphaned=signal.SIGINT,
        is_server=True,
        cwd=layout.postgres_home,
    )
    yield Part(
        name="redis",
        argv=servers.redis_command(),
        env=server_env(),
        is_ready=look("redis"),
        account=account,
        is_server=True,
        cwd=layout.redis_home,
    )
    home, ports = servers.rabbitmq_home, plan.ports
    yield Part(
        name="rabbitmq",
        argv=[str(rabbitmq.PROGRAM)],
        env=rabbitmq.environment(
            home,
            port=ports["rabbitmq"],
            epmd=ports["epmd"],
            distribution=ports["rabbitmq-distribution"],
        ),
        is_ready=look("rabbitmq"),
        account=account,
        # Its shell, which then ends the node.
        orphaned=signal.SIGTERM,
        is_server=True,
        cwd=home,
    )
    yield Part(
        name="s3",
        argv=s3_server.command(ports["s3"]),
        env=server_env(),
        is_ready=look("s3"),
        is_server=True,
    )


def _monitors(plan: Plan, look: Look) -> Iterator[Part]:
    env = server_env()
    yield Part(
        name="pager",
        argv=_python("-m", "bench.cluster.pager", "--port", str(plan.ports["pager"])),
        env=env,
        is_ready=look("pager"),
    )
    yield Part(
        name="prometheus",
        argv=monitoring.prometheus_command(plan),
        env=env,
        is_ready=look("prometheus"),
    )
    yield Part(
        name="alertmanager",
        argv=monitoring.alertmanager_command(plan),
        env=env,
        is_ready=look("alertmanager"),
    )


def _provider(plan: Plan, look: Look) -> Part:
    port = str(plan.ports["provider"])
    return Part(
        name="provider",
        argv=_python("-m", plan.size.provider, "--port", port),
        env=server_env(),
        is_ready=look("provider"),
    )


def _webs(plan: Plan, product: dict[str, str], look: Look) -> Iterator[Part]:
    for name in plan.size.names():
        if name.startswith("web"):
            port = plan.ports[name]
            yield Part(
                name=name,
                argv=_python("-m", "chatbot_saas.serve", "--port", str(port)),
                env=_own_folder(plan, product, name),
                is_ready=look(name),
                is_product=True,
            )


def _workers(plan: Plan, product: dict[str, str], look: Look) -> Iterator[Part]:
    for number, pool in enumerate(plan.size.pools):
        name = f"worker{number + 1}"
        folder = plan.folder / "run" / f"{name}-counters"
        folder.mkdir(exist_ok=True)
        # One more than pieces of work, for mail.
        places = str(_WORKER_CONCURRENCY + 1)
        yield Part(
            name=name,
            argv=_celery("worker", "--pool", pool, "--concurrency", places, *_ALONE),
            env=_own_folder(plan, product, name)
            | {
                "WORKER_CONCURRENCY": str(_WORKER_CONCURRENCY),
                "WORKER_METRICS_PORT": str(plan.ports[name]),
                # What a pool's children count is told by their parent.
                "PROMETHEUS_MULTIPROC_DIR": str(folder),
            },
            is_ready=look(name),
            is_product=True,
        )


def _beats(plan: Plan, product: dict[str, str], look: Look) -> Iterator[Part]:
    for number in range(plan.size.beats):
        name = f"beat{number + 1}"
        yield Part(
            name=name,
            argv=_celery("beat", "--pidfile", ""),
            env=_own_folder(plan, product, name),
            is_ready=look(name),
            is_product=True,
        )


def _nginx(plan: Plan, look: Look) -> Part:
    return Part(
        name="nginx",
        argv=nginx.command(nginx_conf(plan), foreground=True),
        env=server_env(),
        is_ready=look("nginx"),
        orphaned=signal.SIGTERM,
    )


def _own_folder(plan: Plan, product: dict[str, str], name: str) -> dict[str, str]:
    """As in containers: files are in the bucket, everything else is a process's own."""
    folder = plan.folder / "run" / name
    folder.mkdir(exist_ok=True)
    return product | {"VAR_DIR": str(folder)}


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _celery(*arguments: str) -> list[str]:
    return _python("-m", "celery", "-A", "chatbot_saas", *arguments, "--loglevel", "WARNING")
