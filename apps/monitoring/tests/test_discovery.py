"""What Prometheus' own discovery would find in the same objects."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import discovery
import pytest

NODE = {
    "metadata": {"name": "one", "labels": {"kubernetes.io/os": "linux"}},
    "status": {
        "addresses": [
            {"type": "Hostname", "address": "one.local"},
            {"type": "InternalIP", "address": "10.0.0.1"},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    },
}
POD = {
    "metadata": {
        "name": "server-1",
        "namespace": "ml",
        "uid": "u1",
        "labels": {"app.kubernetes.io/name": "server"},
    },
    "spec": {
        "nodeName": "one",
        "initContainers": [{"name": "prepare", "image": "i:1"}],
        "containers": [
            {
                "name": "server",
                "image": "i:1",
                "ports": [
                    {"name": "http", "containerPort": 8080},
                    {"name": "metrics", "containerPort": 9464, "protocol": "TCP"},
                ],
            }
        ],
    },
    "status": {
        "podIP": "10.1.0.7",
        "hostIP": "10.0.0.1",
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}
PENDING = {
    "metadata": {"name": "server-2", "namespace": "ml", "uid": "u2"},
    "spec": {"containers": [{"name": "server"}]},
    "status": {"phase": "Pending"},
}
SERVICE = {
    "metadata": {
        "name": "server",
        "namespace": "ml",
        "annotations": {"prometheus.io/scrape": "true"},
    }
}
SLICE = {
    "metadata": {
        "name": "server-abc",
        "namespace": "ml",
        "labels": {"kubernetes.io/service-name": "server"},
    },
    "addressType": "IPv4",
    "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    "endpoints": [
        {
            "addresses": ["10.1.0.7"],
            "conditions": {"ready": True},
            "targetRef": {"kind": "Pod", "name": "server-1", "namespace": "ml"},
        },
        {"addresses": ["fd00::1"], "conditions": {"ready": False}},
    ],
}
CLUSTER = {
    "nodes": [NODE],
    "pods": [POD, PENDING],
    "services": [SERVICE],
    "endpointslices": [SLICE],
}


def objects(resource: str, namespaces: list[str]) -> list[dict[str, Any]]:
    everything = CLUSTER[resource]
    if not namespaces:
        return everything
    return [one for one in everything if one["metadata"]["namespace"] in namespaces]


def found(config: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Labels by address, without the prefix that all have."""
    groups = discovery.found_by([config], objects)
    return {
        group["targets"][0]: {
            key.removeprefix("__meta_kubernetes_"): value for key, value in group["labels"].items()
        }
        for group in groups
    }


def test_a_node_is_its_kubelet_and_its_instance_is_its_name() -> None:
    assert found({"role": "node"}) == {
        "10.0.0.1:10250": {
            "instance": "one",
            "node_name": "one",
            "node_label_kubernetes_io_os": "linux",
            "node_labelpresent_kubernetes_io_os": "true",
        }
    }


def test_a_pod_is_a_target_for_each_port_and_for_a_container_without_any() -> None:
    targets = found({"role": "pod"})
    assert list(targets) == ["10.1.0.7", "10.1.0.7:8080", "10.1.0.7:9464"]
    assert targets["10.1.0.7"]["pod_container_init"] == "true"
    assert targets["10.1.0.7:9464"] == {
        "namespace": "ml",
        "pod_name": "server-1",
        "pod_uid": "u1",
        "pod_ip": "10.1.0.7",
        "pod_host_ip": "10.0.0.1",
        "pod_node_name": "one",
        "pod_phase": "Running",
        "pod_ready": "true",
        "pod_label_app_kubernetes_io_name": "server",
        "pod_labelpresent_app_kubernetes_io_name": "true",
        "pod_container_name": "server",
        "pod_container_image": "i:1",
        "pod_container_port_name": "metrics",
        "pod_container_port_number": "9464",
        "pod_container_port_protocol": "TCP",
        "pod_container_init": "false",
    }


def test_an_endpoint_has_the_labels_of_its_service_and_its_pod() -> None:
    targets = found({"role": "endpointslice"})
    assert list(targets) == ["10.1.0.7:8080", "[fd00::1]:8080"]
    first = targets["10.1.0.7:8080"]
    expected = {
        "namespace": "ml",
        "service_name": "server",
        "service_annotation_prometheus_io_scrape": "true",
        "endpointslice_port_name": "http",
        "endpointslice_endpoint_conditions_ready": "true",
        "pod_name": "server-1",
        "pod_node_name": "one",
        "pod_container_name": "server",
    }
    assert expected.items() <= first.items()
    assert targets["[fd00::1]:8080"]["endpointslice_endpoint_conditions_ready"] == "false"
    assert "pod_name" not in targets["[fd00::1]:8080"]


def test_namespaces_limit_what_is_found() -> None:
    assert found({"role": "pod", "namespaces": {"names": ["other"]}}) == {}
    assert len(found({"role": "pod", "namespaces": {"names": ["ml"]}})) == 3


@pytest.mark.parametrize(
    "config",
    [
        {"role": "ingress"},
        {"role": "pod", "selectors": []},
        {"role": "pod", "namespaces": {"own_namespace": True}},
    ],
)
def test_an_unsupported_configuration_is_refused_with_the_name_of_the_job(
    config: dict[str, Any],
) -> None:
    with pytest.raises(SystemExit, match=r"kubernetes_sd_configs of the job mine is .* but must"):
        discovery.checked({"mine": [config]})


def test_a_file_is_written_again_only_when_something_changed(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    discovery.write(path, [{"targets": ["a"], "labels": {}}])
    before = path.stat().st_ino
    discovery.write(path, [{"targets": ["a"], "labels": {}}])
    assert path.stat().st_ino == before
    discovery.write(path, [])
    assert json.loads(path.read_text()) == []
    assert list(tmp_path.iterdir()) == [path]


def test_prometheus_reloads_its_configuration_when_it_has_changed(tmp_path: Path) -> None:
    config, mark = tmp_path / "config", tmp_path / "mark"
    config.mkdir()
    (config / "alerting_rules.yml").write_text("groups: []")
    (config / "discovery.json").write_text("{}")

    def changed() -> bool:
        return discovery.is_new(discovery.digest(config), mark)

    assert [changed(), changed()] == [False, False]
    (config / "alerting_rules.yml").write_text("groups: [{name: models}]")
    assert [changed(), changed()] == [True, False]


def test_the_signal_reaches_only_prometheus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid, name in {7: "pause", 12: "prometheus", 20: "python3"}.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "comm").write_text(f"{name}\n")
    (tmp_path / "meminfo").write_text("")
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *args: sent.append(args))
    discovery.reload_prometheus(tmp_path)
    assert sent == [(12, signal.SIGHUP)]
