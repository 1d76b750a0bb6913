"""deploy/kubernetes: what is built is right, and each kind of slip is found."""

import copy
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.check import files, manifests, names, product
from deploy.check.manifests import Build, Finding, Manifest, name_of
from deploy.check.places import Places
from deploy.check.workloads import WORKLOADS, containers, labels_of, pod_of
from deploy.release.pin import ENVIRONMENTS
from tests.live import ROOT

PYTHON = manifests.TOOLS / "bin" / "python"
without_tools = pytest.mark.skipif(
    not PYTHON.exists(), reason="make lint-deploy installs what these need"
)
without_kustomize = pytest.mark.skipif(
    not any(map(shutil.which, (str(manifests.TOOLS / manifests.PROGRAM), "kustomize", "kubectl"))),
    reason="make lint-deploy installs kustomize",
)
pytestmark = without_kustomize


@cache
def built(folder: str) -> Build:
    return manifests.build(ROOT / manifests.KUBERNETES / folder)


def one(build: Build, kind: str, name: str) -> Any:
    found = build.named(kind, name)
    assert found is not None, (kind, name)
    return found


def container(build: Build, name: str, kind: str = "Deployment") -> Any:
    return one(build, kind, name)["spec"]["template"]["spec"]["containers"][0]


def variable(build: Build, workload: str, name: str) -> Any:
    environment = container(build, workload)["env"]
    return next(each for each in environment if each["name"] == name)


def policy(build: Build, name: str) -> Any:
    return one(build, "NetworkPolicy", name)["spec"]


def add_variable(build: Build, name: str) -> None:
    container(build, "worker")["env"].append({"name": name, "value": "1"})


Break = Callable[[Build], object]
PRODUCTION, OPERATORS, DEV = "overlays/production", "overlays/production-operators", "overlays/dev"

# What is broken in a copy, in which build, and what is then said. The first are found by names alone.
SLIPS: dict[str, tuple[str, Break, str]] = {
    "the selector of a workload": (
        PRODUCTION,
        lambda b: labels_of(one(b, "Deployment", "web")).update({"app.kubernetes.io/name": "x"}),
        "the selector does not match its own pods",
    ),
    "the selector of a Service": (
        PRODUCTION,
        lambda b: one(b, "Service", "web")["spec"]["selector"].update(slot="blue"),
        "no pod is behind this Service",
    ),
    "the selector of a budget": (
        PRODUCTION,
        lambda b: one(b, "PodDisruptionBudget", "web")["spec"]["selector"].update(
            matchLabels={"app": "web"}
        ),
        "no pod is selected",
    ),
    "who is scaled": (
        PRODUCTION,
        lambda b: one(b, "HorizontalPodAutoscaler", "web")["spec"]["scaleTargetRef"].update(
            name="site"
        ),
        "there is no Deployment site to scale",
    ),
    "the port of a Service": (
        PRODUCTION,
        lambda b: one(b, "Service", "web")["spec"]["ports"][0].update(targetPort="https"),
        "a pod behind this Service has no port https",
    ),
    "the port of the Ingress": (
        PRODUCTION,
        lambda b: one(b, "Service", "web")["spec"]["ports"][0].update(name="https"),
        "no Service has the port of",
    ),
    "the port of a policy": (
        PRODUCTION,
        lambda b: policy(b, "visitors-to-web")["ingress"][0]["ports"][0].update(port="https"),
        "no selected pod has a port https",
    ),
    "the port that Prometheus asks": (
        OPERATORS,
        lambda b: container(b, "worker").pop("ports"),
        "no selected pod has a port metrics",
    ),
    "a ConfigMap that is not there": (
        PRODUCTION,
        lambda b: container(b, "beat")["envFrom"][0]["configMapRef"].update(name="setings"),
        "there is no ConfigMap setings",
    ),
    "a disk that is not there": (
        PRODUCTION,
        lambda b: one(b, "PersistentVolumeClaim", "files")["metadata"].update(name="file"),
        "there is no PersistentVolumeClaim files",
    ),
    "a volume that is not there": (
        PRODUCTION,
        lambda b: container(b, "web")["volumeMounts"][0].update(name="temp"),
        "there is no volume temp",
    ),
    "a setting of a process": (
        PRODUCTION,
        lambda b: add_variable(b, "WORKER_CONCURENCY"),
        "docs/configuration.md has no setting WORKER_CONCURENCY",
    ),
    "a setting of all": (
        PRODUCTION,
        lambda b: next(m for m in b.of("ConfigMap"))["data"].update(PLATFORM_HOST="x"),
        "docs/configuration.md has no setting PLATFORM_HOST",
    ),
    "a Secret's key": (
        PRODUCTION,
        lambda b: variable(b, "web", "EMAIL_URL")["valueFrom"]["secretKeyRef"].update(key="MAIL"),
        "docs/deploy.md has no key MAIL of a Secret chatbot",
    ),
    "the owner's login for a web": (
        PRODUCTION,
        lambda b: add_variable(b, "MIGRATION_DATABASE_URL"),
        "only migrations may own the tables",
    ),
    "the time to drain": (
        PRODUCTION,
        lambda b: variable(b, "web", "TURN_DRAIN_SECONDS").update(value="80"),
        "145 s to end, and draining takes 175",
    ),
    "a probe": (
        PRODUCTION,
        lambda b: container(b, "worker").pop("startupProbe"),
        "startupProbe is missing",
    ),
    "what a probe asks": (
        PRODUCTION,
        lambda b: container(b, "web")["livenessProbe"]["httpGet"].update(port="health"),
        "livenessProbe asks a port that is not there",
    ),
    "the threads of a worker": (
        PRODUCTION,
        lambda b: variable(b, "worker", "WORKER_CONCURRENCY").update(value="3"),
        "3 threads do not fit WORKER_CONCURRENCY 3",
    ),
    "the cloud's metadata": (
        PRODUCTION,
        lambda b: policy(b, "product-to-servers")["egress"][2]["to"][0]["ipBlock"].pop("except"),
        "169.254.169.254 can be asked",
    ),
    "the policy that denies": (
        PRODUCTION,
        lambda b: policy(b, "default-deny").update(egress=[{}]),
        "no NetworkPolicy denies what is not allowed",
    ),
    "a secret in the repository": (
        PRODUCTION,
        lambda b: one(b, "ServiceAccount", "chatbot").update(kind="Secret"),
        "a Secret has no place in the repository",
    ),
    "a metric": (
        OPERATORS,
        lambda b: one(b, "ScaledObject", "web")["spec"]["triggers"][1]["metadata"].update(
            query="sum(chatbot_open_sockets)"
        ),
        "docs/operations.md has no metric chatbot_open_sockets",
    ),
}

# These are found by the tools.
FORMS: dict[str, tuple[str, Break, str]] = {
    "no limits": (
        PRODUCTION,
        lambda b: container(b, "web")["resources"].pop("limits"),
        "CKV_K8S_13: Memory limits should be set",
    ),
    "root": (
        PRODUCTION,
        lambda b: pod_of(one(b, "Deployment", "web"))["securityContext"].update(
            runAsNonRoot=False, runAsUser=0
        ),
        "CKV_K8S_23",
    ),
    "a root file system that is written to": (
        PRODUCTION,
        lambda b: container(b, "beat")["securityContext"].pop("readOnlyRootFilesystem"),
        "CKV_K8S_22",
    ),
    "the latest image": (
        PRODUCTION,
        lambda b: container(b, "worker").update(image="registry.example.com/chatbot-saas:latest"),
        "CKV_K8S_14",
    ),
    "no policy of the network": (
        PRODUCTION,
        lambda b: container(b, "worker").update(tty=False),
        "CKV2_K8S_6: Minimize the admission of pods which lack an associated NetworkPolicy",
    ),
    "no readiness": (
        DEV,
        lambda b: container(b, "redis", "StatefulSet").pop("readinessProbe"),
        "CKV_K8S_9",
    ),
    "a version that Kubernetes no longer has": (
        PRODUCTION,
        lambda b: one(b, "HorizontalPodAutoscaler", "web").update(apiVersion="autoscaling/v2beta2"),
        "Kubernetes 1.31 has no HorizontalPodAutoscaler of 'autoscaling/v2beta2'",
    ),
    "an unknown field": (
        PRODUCTION,
        lambda b: container(b, "web").update(imagePullPolcy="Always"),
        "'imagePullPolcy' was unexpected",
    ),
    "a number for a text": (
        PRODUCTION,
        lambda b: variable(b, "web", "TURN_DRAIN_SECONDS").update(value=60),
        "60 is not of type",
    ),
    "a field that an operator does not know": (
        OPERATORS,
        lambda b: one(b, "ScaledObject", "web")["spec"].update(minReplicas=2),
        "'minReplicas' was unexpected",
    ),
}


def broken(folder: str, slip: Break) -> Build:
    copied = Build(folder, copy.deepcopy(built(folder).manifests))
    slip(copied)
    return copied


def find(build: Build) -> list[Finding]:
    return [*names.find_faults(build), *product.find_faults(build)]


@pytest.mark.parametrize("folder", manifests.BUILT)
def test_nothing_is_wrong_with_what_is_built(folder: str) -> None:
    assert len(built(folder).manifests) >= (1 if folder == "cluster" else 15)
    assert [each.what for each in find(built(folder))] == []


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_names_settings_or_times_is_found(slip: str) -> None:
    folder, change, said = SLIPS[slip]
    found = find(broken(folder, change))
    assert [each for each in found if said in each.what], [each.what for each in found]


@pytest.mark.parametrize(
    ("slip", "file", "text"),
    [
        ("a setting of a process", "base/worker.yaml", "- name: MEDIA_ROOT"),
        ("what a probe asks", "base/web/web.yaml", "httpGet:"),
        ("a Secret's key", "components/product/product.yaml", "- name: EMAIL_URL"),
        ("the cloud's metadata", "base/network.yaml", "- to:"),
        ("a setting of all", "base/kustomization.yaml", "- name: settings"),
    ],
)
def test_a_finding_is_shown_where_it_was_written(slip: str, file: str, text: str) -> None:
    places = Places(ROOT, manifests.sources(ROOT))
    folder, change, _ = SLIPS[slip]
    (found, *_) = find(broken(folder, change))
    shown, line = places.of(found).rsplit(":", 1)
    assert shown == f"{manifests.KUBERNETES}/{file}"
    assert (ROOT / shown).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip() == text


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What one run says of every broken copy: the tools take seconds to start."""
    folder = tmp_path_factory.mktemp("broken")
    named = {}
    for number, (name, (source, change, _)) in enumerate(FORMS.items()):
        file = folder / f"broken-{number}.yaml"
        whole = built(source).manifests
        # Alone, so a workload is without the policies of its namespace.
        changed = [each for each in broken(source, change).manifests if each not in whole]
        file.write_text(yaml.safe_dump_all(changed), encoding="utf-8")
        named[file.name] = name
    done = subprocess.run(
        [PYTHON, "-m", "deploy.check", *map(str, sorted(folder.iterdir()))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    found = defaultdict(list)
    for line in done.stdout.splitlines():
        where, _, what = line.partition(": ")
        name, _, line_number = where.partition(":")
        assert line_number.isdigit()
        found[named[name]].append(what)
    return found


@without_tools
@pytest.mark.parametrize("slip", FORMS)
def test_a_slip_of_form_or_policy_is_found(slip: str, told: dict[str, list[str]]) -> None:
    said = FORMS[slip][2]
    assert [what for what in told[slip] if said in what], told[slip]


def test_what_goes_first_has_all_that_the_migrations_need() -> None:
    for folder in (PRODUCTION, DEV, "blue-green"):
        build = built(folder)
        chosen = [each for each in build.manifests if is_first(each)]
        first = Build(folder, tuple(chosen))
        assert list(names.references(first)) == []
        assert {"Namespace", "NetworkPolicy", "Job"} <= {each["kind"] for each in chosen}
        assert {name_of(each) for each in first.of(*WORKLOADS)} == {
            "migrate",
            *(name_of(each) for each in build.of("StatefulSet")),
        }
        for each in chosen:
            waves = each["metadata"]["annotations"]
            wave = int(waves["argocd.argoproj.io/sync-wave"])
            assert wave == -1 if each["kind"] == "Job" else wave < -1, name_of(each)


def is_first(manifest: Manifest) -> bool:
    labels: dict[str, str] = manifest["metadata"].get("labels", {})
    return labels.get("rollout") == "before"


def test_each_slot_has_pods_of_its_own_and_visitors_reach_one() -> None:
    build = built("blue-green")
    webs = {name_of(each): labels_of(each) for each in build.of("Deployment")}
    assert set(webs) == {"web-blue", "web-green", "worker", "beat"}
    assert one(build, "Service", "web")["spec"]["selector"]["slot"] == "blue"
    for slot in ("blue", "green"):
        assert webs[f"web-{slot}"]["slot"] == slot
        scaled = one(build, "HorizontalPodAutoscaler", f"web-{slot}")
        assert scaled["spec"]["scaleTargetRef"]["name"] == f"web-{slot}"
        # The rest is what the one web of production has.
        alone, doubled = (
            container(built(PRODUCTION), "web"),
            container(build, f"web-{slot}"),
        )
        assert alone == doubled


def test_processes_are_started_as_compose_starts_them() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    for name, kind in {"worker": "Deployment", "beat": "Deployment", "migrate": "Job"}.items():
        started = container(built(PRODUCTION), name, kind)
        assert [*started["command"], *started.get("args", [])] == services[name]["command"], name


def test_the_script_that_prepares_postgresql_is_the_one_of_the_docs() -> None:
    (prepared,) = [each for each in built(DEV).of("ConfigMap") if "bootstrap.sql" in each["data"]]
    script = (ROOT / "docs" / "bootstrap.sql").read_text(encoding="utf-8")
    assert prepared["data"]["bootstrap.sql"] == script


def test_environments_follow_their_branches_and_the_project_allows_what_is_applied() -> None:
    texts = [path.read_text() for path in sorted((ROOT / manifests.ARGOCD).glob("*.yaml"))]
    found = [each for text in texts for each in yaml.safe_load_all(text)]
    (project,) = [each for each in found if each["kind"] == "AppProject"]
    allowed = {each["namespace"] for each in project["spec"]["destinations"]}
    refused = {each["kind"] for each in project["spec"]["namespaceResourceBlacklist"]}
    applications = [each for each in found if each["kind"] == "Application"]
    assert len(applications) == 4
    for each in applications:
        path = Path(each["spec"]["source"]["path"])
        kinds = {
            one["kind"]
            for one in built(path.relative_to(manifests.KUBERNETES).as_posix()).manifests
        }
        assert not kinds & refused
        assert each["spec"]["destination"]["namespace"] in allowed
        assert "automated" in each["spec"]["syncPolicy"]
        followed = each["spec"]["source"]["targetRevision"]
        # `make deploy` moves these branches, production's after an approval.
        assert followed == (path.name if path.name in ENVIRONMENTS else "main")


def test_every_process_of_ours_has_the_same_rights_and_no_more() -> None:
    for folder in (PRODUCTION, DEV, "blue-green"):
        for workload in built(folder).of(*WORKLOADS):
            pod = pod_of(workload)
            assert pod["automountServiceAccountToken"] is False
            assert pod["securityContext"]["runAsNonRoot"] is True
            for each in containers(workload):
                assert each.spec["securityContext"]["capabilities"] == {"drop": ["ALL"]}
                if each.ours:
                    assert pod["securityContext"]["runAsUser"] == 10001


@without_tools
def test_slips_in_other_files_are_found(tmp_path: Path) -> None:
    slips = {
        "Dockerfile": ("FROM ${BASE}\n", "FROM python\n", "DL3006"),
        "deploy/compose.yaml": ("    shm_size:", "    shared_memory:", "shared_memory"),
        "deploy/kubernetes/base/beat.yaml": (
            "  replicas: 1",
            "  replicas: 1\n  replicas: 2",
            "dupl",
        ),
    }
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / "docs").mkdir()
    for name in ("Dockerfile", "docs/kustomization.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name, (right, wrong, _) in slips.items():
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert right in text
        (tmp_path / name).write_text(text.replace(right, wrong), encoding="utf-8")
    found = {each.where.partition(":")[0]: each.what for each in files.find_faults(tmp_path)}
    assert set(found) == set(slips)
    assert all(said in found[name] for name, (_, _, said) in slips.items()), found


KUBECTL = """#!/bin/sh
echo "$*" >> "$CALLS"
case $* in *jsonpath*) printf %s "$REPLICAS" ;; esac
"""


@pytest.mark.parametrize(
    ("slot", "replicas", "code", "calls"),
    [
        ("green", "2", 0, ["get deployment web-green", "rollout status", '"slot":"green"']),
        ("green", "0", 1, ["get deployment web-green"]),
        ("red", "2", 2, []),
    ],
)
def test_visitors_are_switched_to_a_slot_that_is_ready_and_to_no_other(
    tmp_path: Path, slot: str, replicas: str, code: int, calls: list[str]
) -> None:
    program, noted = tmp_path / "kubectl", tmp_path / "calls"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    noted.touch()
    done = subprocess.run(
        ["sh", ROOT / manifests.KUBERNETES / "blue-green" / "switch.sh", slot],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CALLS": str(noted), "REPLICAS": replicas},
        capture_output=True,
        check=False,
    )
    assert done.returncode == code
    made = noted.read_text().splitlines()
    assert len(made) == len(calls)
    assert all(wanted in call for wanted, call in zip(calls, made, strict=True)), made
