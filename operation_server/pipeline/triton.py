"""Triton's models, and the devices that it runs on."""

from collections.abc import Iterable

from operation_server.health.probes import Unavailable
from operation_server.health.triton import IndexedModel, not_ready
from operation_server.pipeline.metrics import Metrics
from operation_server.pipeline.schemas import Gpu, GpuPart, ServedModel, TritonPart
from operation_server.pipeline.thresholds import Finding, state_and_detail, unavailable
from operation_server.telemetry.victoria import Sample


def triton_part(
    answer: list[IndexedModel] | Unavailable, metrics: Metrics | Unavailable
) -> tuple[TritonPart, list[Finding]]:
    """Judge the models; their counts are those that VictoriaMetrics scraped last."""
    if isinstance(answer, Unavailable):
        findings = unavailable(answer)
        return TritonPart(**state_and_detail(findings), models=[]), findings
    samples = [] if isinstance(metrics, Unavailable) else metrics.triton
    models = [_served(model, samples) for model in answer]
    findings = [Finding(state="serious", message=f"{text}; its tasks wait") for text in not_ready(answer)]
    if not any(model.is_ready for model in models):
        findings.append(Finding(state="critical", message="Triton serves no model: see its model repository"))
    return TritonPart(**state_and_detail(findings), models=models), findings


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


def gpu_part(
    answer: list[IndexedModel] | Unavailable, metrics: Metrics | Unavailable
) -> tuple[GpuPart, list[Finding]]:
    """List the devices of which Triton reports; none is a Triton on the CPU, or a driver without figures."""
    if isinstance(metrics, Unavailable):
        findings = unavailable(metrics)
        return GpuPart(**state_and_detail(findings), devices=[]), findings
    uuids = sorted({sample.labels["gpu_uuid"] for sample in metrics.triton if "gpu_uuid" in sample.labels})
    findings = []
    if not uuids:
        findings = (
            unavailable(answer)
            if isinstance(answer, Unavailable)
            else [Finding(state="standby", message="No GPU metrics")]
        )
    return GpuPart(
        **state_and_detail(findings), devices=[_device(uuid, metrics.triton) for uuid in uuids]
    ), findings


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
