"""What this product needs of its manifests: settings that exist, secrets by name, time to drain."""

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any

from deploy.check.manifests import ROOT, Build, Finding, name_of
from deploy.check.workloads import WORKLOADS, containers, pod_of, steps_to_pod

# Celery's own, which the product's pages do not describe.
FOREIGN = {"CELERY_SKIP_CHECKS"}
# Migrations and backups: what runs by itself and ends, and serves nobody.
ENDING = ("Job", "CronJob")
# Requests get TURN_DRAIN_SECONDS, turns as long again; this is for what saves them.
SAVING_SECONDS = 5
METADATA = ipaddress.ip_address("169.254.169.254")


def find_faults(build: Build) -> Iterator[Finding]:
    for rule in (settings, secrets, probes, drain, worker, egress, metrics):
        yield from rule(build)


def described(page: str, pattern: str) -> set[str]:
    """Names that a page of docs/ has."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return set(re.findall(pattern, text, re.MULTILINE))


def settings(build: Build) -> Iterator[Finding]:
    """What is set is described in docs/configuration.md."""
    known = described("configuration", r"^\| `([A-Z_]+)` \|") | FOREIGN
    for each in build.of(*WORKLOADS):
        for one in containers(each):
            for number, variable in enumerate(one.spec.get("env", []) if one.ours else []):
                if variable["name"] not in known:
                    what = f"docs/configuration.md has no setting {variable['name']}"
                    yield Finding(each, (*one.steps, "env", number), what)
    for each in build.of("ConfigMap"):
        if name_of(each).startswith("settings"):
            for name in each["data"]:
                if name not in known:
                    what = f"docs/configuration.md has no setting {name}"
                    yield Finding(each, ("data", name), what)


def secrets(build: Build) -> Iterator[Finding]:
    """None is here, those that are asked for are described, and the owner's login is the migrations'."""
    for each in build.of("Secret"):
        yield Finding(each, (), "a Secret has no place in the repository")
    known = described("deploy", r"`([\w-]+)`")
    for each in build.of(*WORKLOADS):
        for one in containers(each):
            for number, variable in enumerate(one.spec.get("env", [])):
                asked = variable.get("valueFrom", {}).get("secretKeyRef")
                steps = (*one.steps, "env", number)
                if asked and not {asked["name"], asked["key"]} <= known:
                    what = f"docs/deploy.md has no key {asked['key']} of a Secret {asked['name']}"
                    yield Finding(each, steps, what)
                if variable["name"] == "MIGRATION_DATABASE_URL" and each["kind"] not in ENDING:
                    yield Finding(each, steps, "only migrations may own the tables")


def probes(build: Build) -> Iterator[Finding]:
    """Who stays is asked whether it starts, lives and is ready, at a port that it has."""
    for each in build.of("Deployment"):
        for one in containers(each):
            for name in ("startupProbe", "livenessProbe", "readinessProbe"):
                probe = one.spec.get(name)
                if probe is None:
                    yield Finding(each, one.steps, f"{name} is missing")
                elif "httpGet" in probe and probe["httpGet"]["port"] not in one.ports:
                    yield Finding(each, (*one.steps, name), f"{name} asks a port that is not there")


def drain(build: Build) -> Iterator[Finding]:
    """A web is not killed before it has finished what runs."""
    for each in build.of("Deployment"):
        for one in containers(each):
            if "TURN_DRAIN_SECONDS" not in one.environment:
                continue
            sleep = one.spec.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
            needed = sleep.get("seconds", 0) + SAVING_SECONDS
            needed += 2 * float(one.environment["TURN_DRAIN_SECONDS"])
            given = pod_of(each).get("terminationGracePeriodSeconds", 30)
            if given < needed:
                steps = (*steps_to_pod(each), "terminationGracePeriodSeconds")
                yield Finding(each, steps, f"{given} s to end, and draining takes {needed:g}")


def worker(build: Build) -> Iterator[Finding]:
    """A worker does as much at once as it says, with a thread for mail beside it."""
    for each in build.of("Deployment"):
        for one in containers(each):
            places = one.environment.get("WORKER_CONCURRENCY")
            if places is None:
                continue
            arguments = [*one.spec.get("command", []), *one.spec.get("args", [])]
            threads = arguments[arguments.index("--concurrency") + 1]
            if int(threads) != int(places) + 1:
                what = f"{threads} threads do not fit WORKER_CONCURRENCY {places}: one more"
                yield Finding(each, one.steps, what)
            told = one.environment.get("WORKER_METRICS_PORT")
            if told is not None and int(told) != one.ports.get("metrics"):
                yield Finding(each, one.steps, f"the port metrics is not {told}")


def egress(build: Build) -> Iterator[Finding]:
    """Every pod is under the policy that denies, and none may ask for the cloud's metadata."""
    policies = build.of("NetworkPolicy")
    if build.of("Deployment") and not any(_denies(each["spec"]) for each in policies):
        yield Finding(build.of("Deployment")[0], (), "no NetworkPolicy denies what is not allowed")
    for each in policies:
        for number, rule in enumerate(each["spec"].get("egress", [])):
            for target in rule.get("to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}]):
                block = target.get("ipBlock")
                if (
                    block
                    and _within(block["cidr"])
                    and not any(map(_within, block.get("except", [])))
                ):
                    yield Finding(each, ("spec", "egress", number), f"{METADATA} can be asked")


def _denies(spec: dict[str, Any]) -> bool:
    whole = spec["podSelector"] == {} and {"Ingress", "Egress"} <= set(spec["policyTypes"])
    return whole and not spec.get("ingress") and not spec.get("egress")


def _within(network: str) -> bool:
    return METADATA in ipaddress.ip_network(network)


def metrics(build: Build) -> Iterator[Finding]:
    """What is scaled by and warned of is counted."""
    known = described("operations", r"^\| `(chatbot_\w+)` \|")
    for each in build.of("HorizontalPodAutoscaler", "ScaledObject", "PrometheusRule"):
        for name in set(re.findall(r"\bchatbot_\w+", json.dumps(each["spec"]))) - known:
            yield Finding(each, ("spec",), f"docs/operations.md has no metric {name}")
