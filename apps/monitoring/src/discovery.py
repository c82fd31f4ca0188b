"""Kubernetes service discovery for a Prometheus that is built without it, as Debian's is.

Reads the `kubernetes_sd_configs` of each job from a file. Every few seconds it asks the API server
which objects exist, and writes them to one file per job for `file_sd_configs`, under the
`__meta_kubernetes_*` labels that Prometheus itself would give. When the configuration changes it
has Prometheus read it again, which Prometheus 2 does not do by itself.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import ssl
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Object = dict[str, Any]
List = Callable[[str, list[str]], list[Object]]

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
META = "__meta_kubernetes_"
EVERY_SECONDS = 5.0


def api_server(account: Path = ACCOUNT) -> List:
    """Lists objects with the rights of the pod's service account; no namespaces means all."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    context = ssl.create_default_context(cafile=str(account / "ca.crt"))

    def items(path: str) -> list[Object]:
        # Kubernetes renews the token
        token = (account / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{server}{path}?resourceVersion=0", headers=headers)
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return json.load(answer)["items"]

    def objects(resource: str, namespaces: list[str]) -> list[Object]:
        group = "apis/discovery.k8s.io/v1" if resource == "endpointslices" else "api/v1"
        scopes = [f"namespaces/{name}/" for name in namespaces] or [""]
        return [item for scope in scopes for item in items(f"/{group}/{scope}{resource}")]

    return objects


def described(kind: str, metadata: Object) -> Object:
    """Labels and annotations of an object as Prometheus names them."""
    found: Object = {}
    for what in ("label", "annotation"):
        for key, value in (metadata.get(f"{what}s") or {}).items():
            name = re.sub(r"\W", "_", key, flags=re.ASCII)
            found |= {f"{kind}_{what}_{name}": value, f"{kind}_{what}present_{name}": "true"}
    return found


def target(address: str, labels: Object) -> Object:
    texts = {f"{META}{key}": str(value) for key, value in labels.items() if value is not None}
    return {"targets": [address], "labels": texts}


def at(ip: str, port: int | None) -> str:
    host = f"[{ip}]" if ":" in ip else ip
    return host if port is None else f"{host}:{port}"


def node_targets(objects: List, _namespaces: list[str]) -> Iterator[Object]:
    for node in objects("nodes", []):
        name = node["metadata"]["name"]
        addresses = {one["type"]: one["address"] for one in node["status"].get("addresses", [])}
        kinds = ("InternalIP", "ExternalIP", "Hostname")
        address = next((addresses[kind] for kind in kinds if kind in addresses), None)
        if address is None:
            continue
        port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        labels = {"node_name": name} | described("node", node["metadata"])
        found = target(at(address, port), labels)
        found["labels"]["instance"] = name
        yield found


def pod_labels(pod: Object) -> Object:
    metadata, status = pod["metadata"], pod["status"]
    conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
    return {
        "namespace": metadata["namespace"],
        "pod_name": metadata["name"],
        "pod_uid": metadata["uid"],
        "pod_ip": status.get("podIP", ""),
        "pod_host_ip": status.get("hostIP", ""),
        "pod_node_name": pod["spec"].get("nodeName", ""),
        "pod_phase": status.get("phase", ""),
        "pod_ready": conditions.get("Ready", "Unknown").lower(),
    } | described("pod", metadata)


def container_labels(container: Object, port: Object | None) -> Object:
    labels = {
        "pod_container_name": container["name"],
        "pod_container_image": container.get("image"),
    }
    if port is None:
        return labels
    return labels | {
        "pod_container_port_name": port.get("name", ""),
        "pod_container_port_number": port["containerPort"],
        "pod_container_port_protocol": port.get("protocol", "TCP"),
    }


def pod_targets(objects: List, namespaces: list[str]) -> Iterator[Object]:
    for pod in objects("pods", namespaces):
        ip = pod["status"].get("podIP")
        if not ip:
            continue
        for kind in ("initContainers", "containers"):
            for container in pod["spec"].get(kind) or []:
                for port in container.get("ports") or [None]:
                    labels = pod_labels(pod) | container_labels(container, port)
                    labels["pod_container_init"] = str(kind == "initContainers").lower()
                    yield target(at(ip, port and port["containerPort"]), labels)


def slice_targets(objects: List, namespaces: list[str]) -> Iterator[Object]:
    def by_name(resource: str) -> dict[tuple[str, str], Object]:
        found = objects(resource, namespaces)
        return {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in found}

    services, pods = by_name("services"), by_name("pods")
    for part in objects("endpointslices", namespaces):
        metadata = part["metadata"]
        namespace = metadata["namespace"]
        service = (metadata.get("labels") or {}).get("kubernetes.io/service-name", "")
        about = services.get((namespace, service), {}).get("metadata", {})
        common = {
            "namespace": namespace,
            "endpointslice_name": metadata["name"],
            "endpointslice_address_type": part["addressType"],
            "service_name": service,
        }
        common |= described("endpointslice", metadata) | described("service", about)
        for endpoint in part.get("endpoints") or []:
            reference = endpoint.get("targetRef") or {}
            pod = reference.get("kind") == "Pod" and pods.get((namespace, reference.get("name")))
            ready = (endpoint.get("conditions") or {}).get("ready", True)
            for port in part.get("ports") or []:
                labels = common | {
                    "endpointslice_port_name": port.get("name", ""),
                    "endpointslice_port": port["port"],
                    "endpointslice_port_protocol": port.get("protocol", "TCP"),
                    "endpointslice_endpoint_conditions_ready": str(ready).lower(),
                }
                if pod:
                    labels |= pod_labels(pod) | serving_container(pod, port["port"])
                for address in endpoint["addresses"]:
                    yield target(at(address, port["port"]), labels)


def serving_container(pod: Object, number: int) -> Object:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port["containerPort"] == number:
                return container_labels(container, port)
    return {}


ROLES = {"node": node_targets, "pod": pod_targets, "endpointslice": slice_targets}


def checked(jobs: dict[str, list[Object]]) -> dict[str, list[Object]]:
    """Refuses a configuration that this does not support, instead of ignoring parts of it."""
    for job, configs in jobs.items():
        for config in configs:
            known = config.get("role") in ROLES and set(config) <= {"role", "namespaces"}
            if not known or set(config.get("namespaces", {})) - {"names"}:
                raise SystemExit(
                    f"kubernetes_sd_configs of the job {job} is {json.dumps(config)}, but must"
                    f" have one of the roles {', '.join(ROLES)} and may have namespaces.names"
                )
    return jobs


def found_by(configs: Iterable[Object], objects: List) -> list[Object]:
    return [
        group
        for config in configs
        for group in ROLES[config["role"]](objects, config.get("namespaces", {}).get("names", []))
    ]


def write(path: Path, groups: list[Object]) -> None:
    """Replaces the file as a whole, and only when something changed: Prometheus reads it then."""
    text = json.dumps(groups)
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)


def digest(config: Path) -> str:
    files = sorted(path for path in config.iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def is_new(present: str, mark: Path) -> bool:
    """Whether the configuration differs from the mark's, which outlives this process."""
    before = mark.read_text() if mark.exists() else None
    if before != present:
        mark.write_text(present)
    return before not in (None, present)


def reload_prometheus(processes: Path = Path("/proc")) -> None:
    """By a signal: its lifecycle endpoint would let every client that reaches it stop it, too."""
    for name in processes.glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # the process has ended in the meantime
            if name.read_text().strip() == "prometheus":
                os.kill(int(name.parent.name), signal.SIGHUP)
                print("the configuration changed; Prometheus reloads it", flush=True)


def main(config: str, folder: str) -> None:
    # Without a handler a process 1 ignores SIGTERM. An exception could be raised where Python
    # swallows it, such as in a finalizer.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    objects = api_server()
    last = ""
    while True:
        present = digest(Path(config))
        jobs = checked(json.loads(Path(config, "discovery.json").read_text()))
        trouble = ""
        for job, configs in jobs.items():
            try:
                write(Path(folder, f"{job}.json"), found_by(configs, objects))
            except (OSError, KeyError, ValueError) as error:
                # the last targets stay: a server that is away for a moment has not lost its pods
                trouble = f"job {job}: {type(error).__name__}: {error}"
        if is_new(present, Path(folder, "configuration")):
            reload_prometheus()
        if trouble != last:
            print(trouble or "the API server answers again", file=sys.stderr, flush=True)
            last = trouble
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
