"""Triton's models, and the devices that it runs on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]

from operation_server.health.probes import ANSWER_S, Away
from operation_server.pipeline.metrics import Metrics
from operation_server.pipeline.schemas import Gpu, GpuPart, ServedModel, TritonPart
from operation_server.pipeline.thresholds import Finding, away, judged
from operation_server.telemetry.victoria import Sample
from telemetry_core.errors import DependencyUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedModel:
    """A model as Triton's repository index lists it."""

    model_name: str
    version: str
    is_ready: bool
    reason: str = ""
    """Why Triton does not serve it, in its own words."""


def open_channel(address: str) -> Any:
    """Open a channel that looks for a server that was away each second, not after two minutes."""
    options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1000)]
    return grpc.insecure_channel(address, options=options)


def triton_question(address: str, wanted: str) -> Callable[[], list[IndexedModel]]:
    """Ask Triton's gRPC which models it has and whether each is ready; the model `wanted` it must have."""
    channel = open_channel(address)
    repository_index = channel.unary_unary("/inference.GRPCInferenceService/RepositoryIndex")

    def ask() -> list[IndexedModel]:
        try:
            return with_missing(indexed_models(repository_index(b"", timeout=ANSWER_S)), wanted)
        except grpc.RpcError as error:
            detail = error.details() if isinstance(error, grpc.Call) else str(error)
            raise DependencyUnavailable("triton", detail) from error

    return ask


def with_missing(models: list[IndexedModel], wanted: str) -> list[IndexedModel]:
    """Add the model that the mission asks where Triton does not know it."""
    if any(model.model_name == wanted for model in models):
        return models
    reason = "it is not in Triton's model repository"
    return [*models, IndexedModel(model_name=wanted, version="", is_ready=False, reason=reason)]


def not_ready(models: Iterable[IndexedModel]) -> list[str]:
    """Say of each model that Triton does not serve why."""
    return [
        f"model {model.model_name} is not ready: {model.reason or 'see the log of Triton'}"
        for model in models
        if not model.is_ready
    ]


def indexed_models(answer: bytes) -> list[IndexedModel]:
    """Read a RepositoryIndexResponse: its field 1 repeats; name (1), version (2), state (3), reason (4)."""
    models = []
    for _, model in _fields(answer):
        texts = {number: text.decode() for number, text in _fields(model)}
        models.append(
            IndexedModel(
                model_name=texts.get(1, ""),
                version=texts.get(2, ""),
                is_ready=texts.get(3) == "READY",
                reason=" ".join(texts.get(4, "").split()),
            )
        )
    return models


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a message that has none but texts and messages."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        length, place = _varint(message, place)
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while message[place] & 0x80:
        value |= (message[place] & 0x7F) << shift
        shift, place = shift + 7, place + 1
    return value | message[place] << shift, place + 1


def triton_part(
    answer: list[IndexedModel] | Away, metrics: Metrics | Away
) -> tuple[TritonPart, list[Finding]]:
    """Judge the models; their counts are those that VictoriaMetrics scraped last."""
    if isinstance(answer, Away):
        findings = away(answer)
        return TritonPart(**judged(findings), models=[]), findings
    samples = [] if isinstance(metrics, Away) else metrics.triton
    models = [_served(model, samples) for model in answer]
    findings = [Finding(state="serious", message=f"{text}; its tasks wait") for text in not_ready(answer)]
    if not any(model.is_ready for model in models):
        findings.append(Finding(state="critical", message="Triton serves no model: see its model repository"))
    return TritonPart(**judged(findings), models=models), findings


def _served(model: IndexedModel, samples: Iterable[Sample]) -> ServedModel:
    own = [
        sample
        for sample in samples
        if (sample.labels.get("model"), sample.labels.get("version")) == (model.model_name, model.version)
    ]
    succeeded = _total(own, "nv_inference_request_success")
    compute_us = _total(own, "nv_inference_compute_infer_duration_us")
    return ServedModel(
        model_name=model.model_name,
        version=model.version,
        is_ready=model.is_ready,
        inferences=_whole(_total(own, "nv_inference_count")),
        failures=_whole(_total(own, "nv_inference_request_failure")),
        mean_compute_ms=round(compute_us / succeeded / 1000, 3) if compute_us and succeeded else None,
    )


def _total(samples: Iterable[Sample], name: str) -> float | None:
    values = [sample.value for sample in samples if sample.labels["__name__"] == name]
    return sum(values) if values else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def gpu_part(answer: list[IndexedModel] | Away, metrics: Metrics | Away) -> tuple[GpuPart, list[Finding]]:
    """List the devices of which Triton reports; none is a Triton on the CPU, or a driver without figures."""
    if isinstance(metrics, Away):
        findings = away(metrics)
        return GpuPart(**judged(findings), devices=[]), findings
    uuids = sorted({sample.labels["gpu_uuid"] for sample in metrics.triton if "gpu_uuid" in sample.labels})
    findings = []
    if not uuids:
        findings = (
            away(answer) if isinstance(answer, Away) else [Finding(state="standby", message="No GPU metrics")]
        )
    return GpuPart(**judged(findings), devices=[_device(uuid, metrics.triton) for uuid in uuids]), findings


def _device(uuid: str, samples: Iterable[Sample]) -> Gpu:
    own = [sample for sample in samples if sample.labels.get("gpu_uuid") == uuid]
    utilization = _total(own, "nv_gpu_utilization")
    return Gpu(
        uuid=uuid,
        utilization_percent=None if utilization is None else round(100 * utilization, 1),
        memory_used_bytes=_whole(_total(own, "nv_gpu_memory_used_bytes")),
        memory_total_bytes=_whole(_total(own, "nv_gpu_memory_total_bytes")),
        power_w=_total(own, "nv_gpu_power_usage"),
    )
