"""Docker, or podman where there is none: builds an image and runs containers of it."""

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = Path("/etc/ssl/certs")
# What a container of the product gets wherever it runs: compose.yaml and the manifests say the same.
CONFINED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--tmpfs", "/tmp:size=512m,mode=1777"),  # noqa: S108  # of the container
)
# A process that may not raise its limits cannot ask for the engine's own.
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")


class EngineError(Exception):
    """There is no engine, or it did not do what it was asked for; the text says what it said."""


@dataclass(frozen=True)
class Engine:
    """`program` is docker or podman, whose commands agree in all that is used here."""

    program: str
    # Of the engine itself, before each command.
    flags: tuple[str, ...] = ()

    def build(self, tag: str, *, base: str, release: str) -> None:
        """An empty base is the Dockerfile's own; an empty release is none."""
        command = ["build", "--tag", tag, "--build-arg", f"RELEASE={release}"]
        if base:
            command += ["--build-arg", f"BASE={base}"]
        if self.program == "podman":
            # Docker's form: the other one drops the health check. No namespaces: some machines give a
            # build none. Certificates: where a proxy has its own, the machine knows them.
            command += ["--format", "docker", "--isolation", "chroot", "--network", "host"]
            command += ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
        self.run([*command, str(ROOT)], shown=True)

    def run(self, arguments: Sequence[str], *, shown: bool = False) -> str:
        """What the command printed; its lines appear as they come if `shown`."""
        command = [self.program, *self.flags, *arguments]
        done = subprocess.run(
            command,
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr or "").strip().splitlines()
            raise EngineError(
                f"{' '.join(command[:3])} failed: {said[-1] if said else 'see above'}"
            )
        return done.stdout or ""

    def run_container(self, image: str, command: Sequence[str], *options: str) -> str:
        """Runs to its end, confined as everywhere; what it printed."""
        return self.run(["run", "--rm", *CONFINED, *LIMITS, *options, image, *command])

    def start_container(self, name: str, image: str, command: Sequence[str], *options: str) -> None:
        self.run(["run", "--detach", "--name", name, *CONFINED, *LIMITS, *options, image, *command])

    def exec(self, name: str, command: Sequence[str]) -> str:
        return self.run(["exec", name, *command])

    def is_healthy(self, name: str) -> bool:
        """By the image's own check. podman runs it on a timer of systemd, or when it is asked."""
        if self.program == "podman":
            done = subprocess.run(
                [self.program, "healthcheck", "run", name], capture_output=True, check=False
            )
            return done.returncode == 0
        state = self.run(["inspect", "--format", "{{.State.Health.Status}}", name])
        return state.strip() == "healthy"

    def stop(self, name: str, seconds: int) -> float:
        """Asks the process to end; the seconds that it took."""
        began = time.monotonic()
        self.run(["stop", "--time", str(seconds), name])
        return time.monotonic() - began

    def remove(self, name: str) -> None:
        subprocess.run([self.program, "rm", "--force", name], capture_output=True, check=False)

    def config(self, image: str) -> dict[str, object]:
        """User, health check, entry point and so on, as the image has them."""
        (found,) = json.loads(self.run(["image", "inspect", image]))
        # podman keeps the health check beside the rest.
        config: dict[str, object] = {"Healthcheck": found.get("Healthcheck")} | found["Config"]
        return config

    def bytes_unpacked(self, image: str) -> int:
        return int(self.run(["image", "inspect", "--format", "{{.Size}}", image]))

    def bytes_packed(self, image: str) -> int:
        """About what a registry keeps and a node fetches: its layers through gzip."""
        saved = subprocess.Popen([self.program, "save", image], stdout=subprocess.PIPE)
        packed = subprocess.run(
            ["gzip", "-6", "--stdout"], stdin=saved.stdout, stdout=subprocess.PIPE, check=True
        ).stdout
        if saved.wait():
            raise EngineError(f"{self.program} save {image} failed")
        return len(packed)


def find_engine() -> Engine:
    """Docker if its daemon answers, else podman."""
    for program in ("docker", "podman"):
        if (
            shutil.which(program)
            and not subprocess.run([program, "info"], capture_output=True, check=False).returncode
        ):
            # crun, podman's first choice, refuses machines whose control groups are of both kinds.
            has_runc = program == "podman" and shutil.which("runc")
            return Engine(program, ("--runtime", "runc") if has_runc else ())
    raise EngineError("Neither Docker nor podman answers here: install podman, buildah and runc.")
