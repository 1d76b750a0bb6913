"""The image that an environment's manifests name."""

import re
from pathlib import Path

from deploy.check.manifests import KUBERNETES

# Folders of deploy/kubernetes by environment.
ENVIRONMENTS = {
    "staging": ("overlays/staging",),
    "production": ("overlays/production",),
}
_IMAGE = re.compile(
    r"(?P<name>[a-z0-9.:/_-]+?)(?::(?P<tag>[\w][\w.-]{0,127})|@(?P<digest>sha256:[0-9a-f]{64}))"
)
_MOVING = {"latest", "main", "stable", "edge"}
_ENTRY = re.compile(
    r"^(?P<start>  - name: chatbot-saas\n    newName: )\S+\n    (?:newTag|digest): \S+$",
    re.MULTILINE,
)


class PinError(Exception):
    """The image cannot be pinned; the text says why."""


def pin(text: str, image: str) -> str:
    """A kustomization that names this image in place of the one before.

    >>> pin("  - name: chatbot-saas\\n    newName: a/b\\n    newTag: 1", "c/d:2.0").split()
    ['-', 'name:', 'chatbot-saas', 'newName:', 'c/d', 'newTag:', '2.0']
    """
    found = _IMAGE.fullmatch(image)
    if not found:
        raise PinError(f"{image!r} is no image: write name:tag or name@sha256:…")
    if found["tag"] in _MOVING:
        raise PinError(
            f"{image!r} may be another image tomorrow: take a release's tag or a digest."
        )
    line = f"digest: {found['digest']}" if found["digest"] else f"newTag: {_quoted(found['tag'])}"
    pinned, count = _ENTRY.subn(rf"\g<start>{found['name']}\n    {line}", text)
    if count != 1:
        raise PinError("The kustomization has no image of the product, or more than one.")
    return pinned


def _quoted(tag: str) -> str:
    """A tag that YAML would read as a number is text all the same."""
    return f'"{tag}"' if re.fullmatch(r"[\d.e_]+", tag) and tag.count(".") < 2 else tag


def pin_environment(root: Path, environment: str, image: str) -> list[Path]:
    """Writes the image into the environment's manifests; the files that it is in."""
    paths = [
        root / KUBERNETES / folder / "kustomization.yaml" for folder in ENVIRONMENTS[environment]
    ]
    for path in paths:
        path.write_text(pin(path.read_text(encoding="utf-8"), image), encoding="utf-8")
    return paths
