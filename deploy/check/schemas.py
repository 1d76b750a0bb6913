"""Manifests against the API of two versions of Kubernetes, and operators' kinds against crds.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from deploy.check.manifests import Build, Finding, Manifest

# The oldest that knows everything that is used, and the newest whose schemas are here.
VERSIONS = ("1.31", "1.37")
_OWN: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("crds.yaml").read_text(encoding="utf-8")
)


def find_faults(build: Build) -> Iterator[Finding]:
    for manifest in build.manifests:
        yield from _check(manifest)


def _check(manifest: Manifest) -> Iterator[Finding]:
    version, kind = manifest.get("apiVersion", ""), manifest.get("kind", "")
    own = _OWN.get(f"{version}/{kind}")
    if own is not None:
        for error in jsonschema.Draft202012Validator(own).iter_errors(manifest):
            yield Finding(manifest, tuple(error.absolute_path), error.message)
        return
    for kubernetes in VERSIONS:
        try:
            kubernetes_validate.validate(manifest, kubernetes, strict=True)
        except kubernetes_validate.ValidationError as error:
            what = f"Kubernetes {kubernetes}: {_shortened(error.message)}"
            yield Finding(manifest, tuple(error.absolute_path), what)
        except kubernetes_validate.SchemaNotFoundError:
            yield Finding(manifest, (), f"Kubernetes {kubernetes} has no {kind} of {version!r}")


def _shortened(message: str) -> str:
    """Such a message may hold all of a manifest."""
    return message if len(message) <= 300 else f"{message[:120]} … {message[-180:]}"
