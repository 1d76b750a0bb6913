"""`python -m deploy.image build | weigh | sbom`, of the image that the Dockerfile makes."""

import argparse
import json
import sys
from pathlib import Path

from deploy.image import base, sbom, weight
from deploy.image.engine import Engine, EngineError, find_engine

TAG = "chatbot-saas:local"
DEBIAN = "debian"


def build(engine: Engine, options: argparse.Namespace) -> int:
    found = base.make_base(engine) if options.base == DEBIAN else options.base
    engine.build(options.tag, base=found, release=options.release)
    return weigh(engine, options)


def weigh(engine: Engine, options: argparse.Namespace) -> int:
    found = weight.weigh(engine, options.tag)
    print(found)
    faults = found.faults()
    for fault in faults:
        print(f"{options.tag}: {fault}", file=sys.stderr)
    return 1 if faults else 0


def list_parts(engine: Engine, options: argparse.Namespace) -> int:
    digest = engine.run(["image", "inspect", "--format", "{{.Id}}", options.tag]).strip()
    packages = sbom.list_packages(engine, options.tag)
    text = json.dumps(sbom.describe(packages, options.tag, digest), indent=1)
    options.file.write_text(text + "\n", encoding="utf-8")
    print(f"{options.file}: {len(packages)} packages")
    return 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m deploy.image", description=__doc__)
    parser.add_argument("--tag", default=TAG, help=f"the image's name (default {TAG})")
    commands = parser.add_subparsers(required=True)
    building = commands.add_parser("build", help="build and weigh it")
    building.add_argument(
        "--base", help=f"another base image; {DEBIAN}: one made of Debian's packages, here"
    )
    building.add_argument("--release", default="", help="the name that /readyz and Sentry tell")
    building.set_defaults(call=build)
    commands.add_parser("weigh", help="its size").set_defaults(call=weigh)
    listing = commands.add_parser("sbom", help="list what is in it, as CycloneDX")
    listing.add_argument("file", type=Path)
    listing.set_defaults(call=list_parts)
    options = parser.parse_args(arguments)
    try:
        code: int = options.call(find_engine(), options)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
