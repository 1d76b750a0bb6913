"""Names agree: selectors and labels, ports, and what a pod refers to."""

from collections.abc import Iterator

from deploy.check.manifests import Build, Finding, Manifest
from deploy.check.workloads import (
    WORKLOADS,
    containers,
    labels_of,
    matches,
    pod_of,
    ports_of,
    steps_to_pod,
)


def find_faults(build: Build) -> Iterator[Finding]:
    for rule in (selectors, services, ports_of_others, references, volumes):
        yield from rule(build)


def selectors(build: Build) -> Iterator[Finding]:
    """Who selects pods finds some, and a workload its own."""
    workloads = build.of(*WORKLOADS)
    for each in workloads:
        own = each["spec"].get("selector")
        if own and not matches(own, labels_of(each)):
            yield Finding(each, ("spec", "selector"), "the selector does not match its own pods")
        spread = pod_of(each).get("topologySpreadConstraints", [])
        for number, constraint in enumerate(spread):
            if not matches(constraint["labelSelector"], labels_of(each)):
                steps = (*steps_to_pod(each), "topologySpreadConstraints", number)
                yield Finding(each, steps, "pods are spread by labels that they do not have")
    keys = {"PodDisruptionBudget": "selector", "PodMonitor": "selector"}
    keys["NetworkPolicy"] = "podSelector"
    for each in build.of(*keys):
        key = keys[each["kind"]]
        if not any(matches(each["spec"][key], labels_of(one)) for one in workloads):
            yield Finding(each, ("spec", key), "no pod is selected")
    for each in build.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = each["spec"]["scaleTargetRef"]
        if build.named("Deployment", target["name"]) is None:
            steps = ("spec", "scaleTargetRef")
            yield Finding(each, steps, f"there is no Deployment {target['name']} to scale")


def services(build: Build) -> Iterator[Finding]:
    """Services lead to ports that pods have, and the Ingress to ports of Services."""
    for each in build.of("Service"):
        chosen = {"matchLabels": each["spec"]["selector"]}
        behind = [one for one in build.of(*WORKLOADS) if matches(chosen, labels_of(one))]
        if not behind:
            yield Finding(each, ("spec", "selector"), "no pod is behind this Service")
        for number, port in enumerate(each["spec"]["ports"]):
            known = [port["targetPort"] in ports_of(one) for one in behind]
            if not all(known):
                what = f"a pod behind this Service has no port {port['targetPort']}"
                yield Finding(each, ("spec", "ports", number), what)
    for each in build.of("Ingress"):
        for number, rule in enumerate(each["spec"]["rules"]):
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = build.named("Service", backend["name"])
                ports = service["spec"]["ports"] if service else []
                if backend["port"]["name"] not in [port["name"] for port in ports]:
                    steps = ("spec", "rules", number)
                    yield Finding(each, steps, f"no Service has the port of {backend}")


def ports_of_others(build: Build) -> Iterator[Finding]:
    """Of policies and of Prometheus: at least one selected pod has the port."""
    for each in build.of("NetworkPolicy", "PodMonitor"):
        spec = each["spec"]
        selector = spec.get("podSelector") or spec.get("selector") or {}
        chosen = [one for one in build.of(*WORKLOADS) if matches(selector, labels_of(one))]
        ports = {name for one in chosen for name in ports_of(one)}
        asked = [port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]]
        asked += [endpoint["port"] for endpoint in spec.get("podMetricsEndpoints", [])]
        for port in asked:
            if port not in ports:
                yield Finding(each, ("spec",), f"no selected pod has a port {port}")


def references(build: Build) -> Iterator[Finding]:
    """What a pod names is there."""
    for each in build.of(*WORKLOADS):
        for kind, name in _named(each):
            if name and build.named(kind, name) is None:
                yield Finding(each, steps_to_pod(each), f"there is no {kind} {name}")


def _named(workload: Manifest) -> Iterator[tuple[str, str | None]]:
    pod = pod_of(workload)
    yield "ServiceAccount", pod.get("serviceAccountName")
    for volume in pod.get("volumes", []):
        yield "ConfigMap", volume.get("configMap", {}).get("name")
        yield "PersistentVolumeClaim", volume.get("persistentVolumeClaim", {}).get("claimName")
    for one in containers(workload):
        for source in one.spec.get("envFrom", []):
            yield "ConfigMap", source.get("configMapRef", {}).get("name")


def volumes(build: Build) -> Iterator[Finding]:
    """What is mounted is one of the pod's volumes."""
    for each in build.of(*WORKLOADS):
        claims = [one["metadata"] for one in each["spec"].get("volumeClaimTemplates", [])]
        kept = {volume["name"] for volume in [*pod_of(each).get("volumes", []), *claims]}
        for one in containers(each):
            for number, mount in enumerate(one.spec.get("volumeMounts", [])):
                if mount["name"] not in kept:
                    steps = (*one.steps, "volumeMounts", number)
                    yield Finding(each, steps, f"there is no volume {mount['name']}")
