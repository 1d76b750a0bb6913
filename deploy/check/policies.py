"""checkov's policies for Kubernetes, on what was built."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.check import checkov
from deploy.check.manifests import Build, Finding, ToolError, name_of
from deploy.check.workloads import WORKLOADS

# Policies that do not apply, each with its reason; of one workload where a name stands before the colon.
SKIPPED = {
    "CKV_K8S_15": "images have exact versions, so asking the registry at each start finds nothing new",
    "CKV_K8S_35": "the product reads NAME_FILE as well, but a file cannot be optional as a key is",
    "CKV_K8S_43": "the digest is known when the image is pushed: kustomize edit set image sets it",
    "postgres:CKV_K8S_40": "the account of PostgreSQL's image, which owns its files",
    "redis:CKV_K8S_40": "the account of Redis' image",
}


def find_faults(builds: Sequence[Build]) -> Iterator[Finding]:
    """All in one run."""
    with tempfile.TemporaryDirectory() as folder:
        for number, build in enumerate(builds):
            text = yaml.safe_dump_all(build.manifests)
            (Path(folder) / f"{number}.yaml").write_text(text, encoding="utf-8")
        reports = checkov.run("kubernetes", Path(folder))
    for report in reports:
        results = report.get("results", {})
        if results.get("parsing_errors"):
            raise ToolError(f"checkov cannot read {results['parsing_errors']}")
        for failed in results.get("failed_checks", []):
            yield from _told(failed, builds)


def _told(failed: dict[str, Any], builds: Sequence[Build]) -> Iterator[Finding]:
    # Kind, namespace, name; of a workload's pods that of the workload, and labels.
    kind, _, name, *_ = failed["resource"].split(".")
    code = failed["check_id"]
    if code in SKIPPED or f"{name}:{code}" in SKIPPED:
        return
    build = builds[int(Path(failed["file_path"]).stem)]
    among = build.of(*WORKLOADS) if kind == "Pod" else build.of(kind)
    manifest = next(each for each in among if name_of(each) == name)
    yield Finding(manifest, (), f"{code}: {failed['check_name']}")
