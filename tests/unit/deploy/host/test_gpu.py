"""What init-kafka.sh says of a GPU."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.deploy.host.init_kafka import (
    GPU,
    RUNTIME_CONFIGURATION,
    Host,
    init_kafka,
    set_keys,
    with_files,
)

pytestmark = pytest.mark.slow  # each host is some twenty programs


def nvidia(card: str, *, security: str = "name=seccomp", tools: Mapping[str, str] | None = None) -> Host:
    """Return a host whose Docker knows NVIDIA's runtime."""
    return Host(gpu=card, runtimes="nvidia", security=security, tools=tools or {})


class TestGpu:
    """Found, or why not."""

    def test_one_that_docker_can_use_is_used(self, checkout: Path) -> None:
        outcome = init_kafka(checkout, Host(gpu=GPU, runtimes="nvidia"))
        assert outcome.status == 0, outcome.wanted
        assert outcome.keys["TRITON_DEVICE"] == "gpu"

    @pytest.mark.parametrize(
        ("host", "reason"),
        [
            (Host(), "there is no NVIDIA driver"),
            (Host(kernel="Darwin", gpu=GPU, runtimes="nvidia"), "containers on macOS have no GPU"),
            (Host(tools={"nvidia-smi": "echo 'NVIDIA-SMI has failed'; exit 9"}), "NVIDIA-SMI has failed"),
            (Host(tools={"nvidia-smi": "echo 'No devices were found'"}), "finds none: No devices were found"),
            (nvidia("470.256.02, 8.6, NVIDIA GeForce RTX 3090"), "driver 470.256.02 is too old"),
            (nvidia("530.41.03, 8.6, NVIDIA GeForce RTX 3090"), "driver 530.41.03 is too old"),
            (nvidia("550.120, 8.9, NVIDIA RTX A2000"), "driver 550.120 is too old"),
            (nvidia("470.42.01, 7.5, Tesla T4"), "driver 470.42.01 is too old"),
            (nvidia("530.30.02, 8.0, NVIDIA A100-SXM4-40GB"), "driver 530.30.02 is too old"),
            (nvidia("555.42.02, 9.0, NVIDIA H100 80GB HBM3"), "driver 555.42.02 is too old"),
            (nvidia("570.86.10, 12.0, NVIDIA GeForce RTX 5090"), "(compute capability 12.0) is newer than"),
            (nvidia("570.86.10, 10.0, NVIDIA B200"), "set TRITON_IMAGE to release 25.01 or later"),
            (nvidia("560.35.03, 5.2, NVIDIA GeForce GTX 980"), "is older than"),
            (nvidia(GPU, security="name=rootless"), "nvidia-container-cli.no-cgroups"),
            (Host(gpu=GPU), "install NVIDIA's Container Toolkit"),
            (
                Host(gpu=GPU, system="Docker Desktop", platform="Docker Desktop 4.33.1 (161083)"),
                "Docker Desktop (Docker Desktop 4.33.1 (161083)) offers no NVIDIA runtime",
            ),
        ],
        ids=lambda value: "" if isinstance(value, Host) else value,
    )
    def test_the_reason_for_the_cpu_is_said(self, checkout: Path, host: Host, reason: str) -> None:
        outcome = init_kafka(checkout, host)
        assert outcome.keys["TRITON_DEVICE"] == "cpu"
        assert reason in outcome.printed

    @pytest.mark.parametrize(
        "card",
        [
            "470.223.02, 7.5, Tesla T4",
            "525.147.05, 8.0, NVIDIA A100-SXM4-40GB",
            "535.183.01, 9.0, NVIDIA H100 80GB HBM3",
            "545.23.08, 8.9, NVIDIA L40S",
            "550.90.07, 8.6, NVIDIA A10G",
            "565.57.01, 8.9, NVIDIA GeForce RTX 4090",
        ],
    )
    def test_a_driver_that_the_release_notes_admit_on_this_card_is_used(
        self, checkout: Path, card: str
    ) -> None:
        assert init_kafka(checkout, nvidia(card)).keys["TRITON_DEVICE"] == "gpu"

    @pytest.mark.parametrize(
        ("card", "device"),
        [
            ("570.86.10, 12.0, NVIDIA GeForce RTX 5090", "gpu"),
            ("550.120, 8.6, NVIDIA GeForce RTX 3090", "cpu"),
            ("560.35.03, 7.0, Tesla V100-PCIE-16GB", "cpu"),
        ],
    )
    def test_a_newer_image_is_judged_by_its_own_release_notes(
        self, checkout: Path, card: str, device: str
    ) -> None:
        set_keys(checkout, TRITON_IMAGE="nvcr.io/nvidia/tritonserver:25.01-py3")
        assert init_kafka(checkout, nvidia(card)).keys["TRITON_DEVICE"] == device

    def test_an_image_of_the_operators_own_is_not_judged(self, checkout: Path) -> None:
        set_keys(checkout, TRITON_IMAGE="registry.example/our-triton:2")
        card = "450.80.02, 5.2, NVIDIA GeForce GTX 980"
        assert init_kafka(checkout, nvidia(card)).keys["TRITON_DEVICE"] == "gpu"

    @pytest.mark.parametrize(
        ("card", "device"),
        [
            ("470.223.02, Tesla T4", "gpu"),
            ("470.223.02, NVIDIA GeForce GTX 1080", "cpu"),
            ("470.223.02, Tesla K80", "cpu"),
        ],
    )
    def test_a_driver_that_does_not_tell_the_capability_is_judged_by_its_version(
        self, checkout: Path, card: str, device: str
    ) -> None:
        smi = (
            "case $1 in *compute_cap*) echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2 ;;"
            f" *) echo '{card}' ;; esac"
        )
        outcome = init_kafka(checkout, Host(runtimes="nvidia", tools={"nvidia-smi": smi}))
        assert outcome.keys["TRITON_DEVICE"] == device
        assert "finds none" not in outcome.printed

    def test_docker_without_root_uses_a_card_where_nvidias_runtime_is_set_up_for_it(
        self, checkout: Path
    ) -> None:
        tools = with_files({RUNTIME_CONFIGURATION: "[nvidia-container-cli]\n no-cgroups = true"})
        host = nvidia(GPU, security="name=rootless", tools=tools)
        assert init_kafka(checkout, host).keys["TRITON_DEVICE"] == "gpu"

    def test_a_choice_of_the_operator_stays(self, checkout: Path) -> None:
        set_keys(checkout, TRITON_DEVICE="cpu")
        outcome = init_kafka(checkout, Host(gpu=GPU, runtimes="nvidia"))
        assert outcome.keys["TRITON_DEVICE"] == "cpu"
