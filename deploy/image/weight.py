"""How large an image is, and how it is set up, against what docs/deploy.md promises."""

from dataclasses import dataclass

from deploy.image.engine import Engine

MOST_PACKED = 400_000_000
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Weight:
    """Sizes in bytes: `packed` is what a registry keeps and a node fetches."""

    packed: int
    unpacked: int
    user: str
    has_health_check: bool

    def __str__(self) -> str:
        sizes = f"{self.packed // _MEGABYTE} MB packed, {self.unpacked // _MEGABYTE} MB unpacked"
        return f"{sizes}; runs as {self.user or 'root'}"

    def faults(self) -> list[str]:
        found = []
        if self.packed > MOST_PACKED:
            found.append(f"{self.packed:,} bytes packed are more than {MOST_PACKED:,}.")
        if not self.user.isdecimal() or not int(self.user):
            found.append(f"It runs as {self.user or 'root'} and not as a number above 0.")
        if not self.has_health_check:
            found.append("It has no health check.")
        return found


def weigh(engine: Engine, image: str) -> Weight:
    config = engine.config(image)
    check = config.get("Healthcheck") or {}
    return Weight(
        packed=engine.bytes_packed(image),
        unpacked=engine.bytes_unpacked(image),
        user=str(config.get("User") or ""),
        has_health_check=isinstance(check, dict) and bool(check.get("Test")),
    )
