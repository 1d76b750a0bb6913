"""`python -m deploy.check` checks deploy/ and the Dockerfile; `… FILE …` files of built manifests."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.check import files, names, pipelines, policies, product, schemas, terraform
from deploy.check.manifests import (
    ROOT,
    Build,
    Fault,
    Finding,
    ToolError,
    build_all,
    read_file,
    sources,
)
from deploy.check.places import Places


def check_builds(builds: Iterable[Build]) -> Iterator[Finding]:
    """Names and the product's needs are looked at where the form is right."""
    checked = []
    for build in builds:
        faults = list(schemas.find_faults(build))
        yield from faults
        if not faults:
            yield from names.find_faults(build)
            yield from product.find_faults(build)
        checked.append(build)
    yield from policies.find_faults(checked)


def find_all(paths: list[Path]) -> set[Fault]:
    """What is wrong, each once: overlays share most of what they are made of."""
    if paths:
        return _find_in(paths)
    places = Places(ROOT, sources())
    built = {Fault(places.of(each), each.what) for each in check_builds(build_all())}
    beside = (files, pipelines, terraform)
    return built.union(*(part.find_faults(ROOT) for part in beside))


def _find_in(paths: list[Path]) -> set[Fault]:
    builds = {path: read_file(path) for path in paths}
    found = set()
    for each in check_builds(builds.values()):
        # By identity: two files may hold the same manifest.
        (path,) = [
            path
            for path, build in builds.items()
            if any(manifest is each.manifest for manifest in build.manifests)
        ]
        found.add(Fault(Places(ROOT, (path,)).of(each), each.what))
    return found


def main(arguments: list[str]) -> int:
    try:
        faults = find_all([Path(each) for each in arguments])
    except ToolError as error:
        print(error, file=sys.stderr)
        return 2
    for fault in sorted(faults, key=str):
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
