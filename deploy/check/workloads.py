"""What runs: workloads, their containers, and who selects them."""

from dataclasses import dataclass
from typing import Any

from deploy.check.manifests import Manifest, Steps

PRODUCT = "chatbot-saas"
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")


@dataclass(frozen=True)
class Container:
    """A container of a workload, and where it stands."""

    manifest: Manifest
    steps: Steps
    spec: dict[str, Any]

    @property
    def ours(self) -> bool:
        return PRODUCT in self.spec.get("image", "")

    @property
    def environment(self) -> dict[str, Any]:
        return {each["name"]: each.get("value") for each in self.spec.get("env", [])}

    @property
    def ports(self) -> dict[str, int]:
        return {each["name"]: each["containerPort"] for each in self.spec.get("ports", [])}


def steps_to_pod(workload: Manifest) -> Steps:
    """Where the pod stands: a CronJob has a template of a Job around it."""
    of_job: Steps = ("spec", "jobTemplate") if workload["kind"] == "CronJob" else ()
    return (*of_job, "spec", "template", "spec")


def containers(manifest: Manifest) -> list[Container]:
    pod = steps_to_pod(manifest)
    found = pod_of(manifest).get("containers", [])
    return [
        Container(manifest, (*pod, "containers", number), spec) for number, spec in enumerate(found)
    ]


def labels_of(workload: Manifest) -> dict[str, str]:
    labels: dict[str, str] = _template_of(workload)["metadata"].get("labels", {})
    return labels


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all."""
    exact = selector.get("matchLabels", {})
    among = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        each["operator"] == "In" and labels.get(each["key"]) in each["values"] for each in among
    )


def pod_of(workload: Manifest) -> dict[str, Any]:
    pod: dict[str, Any] = _template_of(workload)["spec"]
    return pod


def _template_of(workload: Manifest) -> dict[str, Any]:
    spec = workload["spec"]
    template: dict[str, Any] = spec.get("jobTemplate", workload)["spec"]["template"]
    return template


def ports_of(workload: Manifest) -> dict[str, int]:
    return {name: port for one in containers(workload) for name, port in one.ports.items()}
