"""The product's processes as containers of an image, confined as compose.yaml and the manifests say."""

import dataclasses
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from bench.cluster.parts import Part
from bench.cluster.plan import Plan
from bench.cluster.ready import Ready
from chatbot_saas.start_error import StartError
from chatbot_saas.supervision.console import say
from deploy.image.engine import CONFINED, LIMITS, Engine, EngineError, find_engine

ACCOUNT = 10001
_CHECK_SECONDS = 60.0
# What a start imports is compiled in the image, and the rest would be compiled at each start again.
_NOT_COMPILED = (
    "import os, sys, django; django.setup(); import chatbot_saas.asgi, chatbot_saas.serve; "
    "print(sum(bool(getattr(m, '__cached__', None)) and not os.path.exists(m.__cached__) "
    "for m in list(sys.modules.values())))"
)


class Containers:
    """Of one image; each has the name of its part, in a name space of this process."""

    def __init__(self, image: str, plan: Plan) -> None:
        try:
            self._engine: Engine = find_engine()
            self._engine.config(image)
        except EngineError as error:
            raise StartError(f"{error}. Is there an image {image}? make image") from error
        self._image, self._plan = image, plan

    def name(self, part: str) -> str:
        return f"cluster-{os.getpid()}-{part}"

    def contain(self, part: Part) -> Part:
        """The same, in a container. Its files are those of its environment's folders."""
        for name in ("VAR_DIR", "PROMETHEUS_MULTIPROC_DIR"):
            if name in part.env:
                shutil.chown(part.env[name], ACCOUNT, ACCOUNT)
        return dataclasses.replace(
            part,
            argv=[
                *(self._engine.program, *self._engine.flags, "run", "--rm"),
                *("--name", self.name(part.name), "--hostname", part.name, "--network", "host"),
                *(*CONFINED, *LIMITS, "--volume", f"{self._plan.folder}:{self._plan.folder}"),
                *self._environment(part),
                *(self._image, "python", *part.argv[1:]),
            ],
            is_ready=self._look(part),
        )

    def _environment(self, part: Part) -> list[str]:
        """By name: a command's arguments can be read by everybody on the machine."""
        names = part.env.keys() - os.environ.keys() | {"VAR_DIR"}
        return [word for name in sorted(names) for word in ("--env", name)]

    def _look(self, part: Part) -> Ready:
        """A worker's and beat's number in here is not the one that they know."""
        role = part.name.rstrip("0123456789")
        if role == "web":
            return part.is_ready

        def look(_: int) -> bool:
            try:
                self._engine.exec(
                    self.name(part.name), ["python", "-m", "chatbot_saas.alive", role]
                )
            except EngineError:
                return False
            return True

        return look

    def check(self, wait: Callable[[float], None]) -> None:
        """What an orchestrator relies upon. `wait` takes seconds. StartError: what is not so."""
        faults = [
            fault
            for part in self._plan.size.names()
            for fault in self._faults(self.name(part), is_web=part.startswith("web"))
        ]
        faults += self._own_check(wait)
        if faults:
            raise StartError("\n".join(faults))
        say(f"\nThe containers of {self._image} have no root, no rights, and a root file system")
        say("that cannot be written to; a web is healthy by the image's own check.")

    def _faults(self, name: str, *, is_web: bool) -> list[str]:
        found = []
        account = self._engine.exec(name, ["id", "-u"]).strip()
        if account != str(ACCOUNT):
            found.append(f"{name} runs as {account}.")
        if "0000000000000000" not in self._engine.exec(name, ["grep", "CapEff", "/proc/1/status"]):
            found.append(f"{name} has capabilities.")
        for path in ("/app", "/venv", "/var/lib/chatbot", "/etc"):
            if self._can_write(name, path):
                found.append(f"{name} can write to {path}.")
        if not is_web:
            return found
        slow = int(self._engine.exec(name, ["python", "-c", _NOT_COMPILED]))
        if slow:
            found.append(f"{name} imports {slow} modules that are not compiled in the image.")
        return found

    def _own_check(self, wait: Callable[[float], None]) -> list[str]:
        """The image's command and health check as they are: alone in a network, the port is free."""
        name = self.name("alone")
        address = "127.0.0.1:9"
        given = {
            "DATABASE_URL": f"postgresql://app@{address}/nothing",
            "REDIS_URL": f"redis://{address}",
            "SECRET_KEY": self._plan.secret_key,
        }
        environment = [word for pair in given.items() for word in ("--env", "=".join(pair))]
        try:
            self._engine.start_container(name, self._image, [], "--network", "none", *environment)
            deadline = time.monotonic() + _CHECK_SECONDS
            while not self._engine.is_healthy(name):
                if time.monotonic() > deadline:
                    return [f"A web is not healthy by the image's own check: see {name}."]
                wait(1)
        finally:
            self._engine.remove(name)
        return []

    def _can_write(self, name: str, path: str) -> bool:
        try:
            self._engine.exec(name, ["touch", str(Path(path, "written"))])
        except EngineError:
            return False
        return True

    def remove(self) -> None:
        """What is left of them: each removes itself when it ends in an orderly way."""
        for part in self._plan.size.names():
            self._engine.remove(self.name(part))
