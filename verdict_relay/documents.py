"""What a verdict looks like as a search document, as a record of the results topic and as samples: pure."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final

from telemetry_core.contract.messages import microseconds_of
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.step_times import channel_step_times
from telemetry_core.postgres.store import Row
from telemetry_core.victoriametrics import is_kept, sample_line

SCORE_METRIC: Final = "satellite_anomaly_score"
PREDICTION_SUFFIX: Final = "_prediction"
_INDEXED: Final = (
    "job_id", "satellite_id", "source", "trigger_reason", "subsystem", "model_name", "model_version",
    "status", "verdict", "anomaly_score", "anomaly_detected", "inference_time_ms", "input_features",
    "newest", "metadata", "error_message",
)  # fmt: skip
_TEXT_PARTS: Final = ("job_id", "satellite_id", "subsystem", "model_name")
MAX_TEXT_LENGTH: Final = 32_000


def verdict_key(row: Row) -> str:
    """Name a verdict; the same one for a revision."""
    return f"{row['job_id']}/{row['subsystem']}"


def search_document(row: Row) -> dict[str, Any]:
    """Return the document that the search engine keeps for a verdict."""
    return {
        **{name: row[name] for name in _INDEXED},
        "generated_at": None if row["generated_at"] is None else row["generated_at"].isoformat(),
        "created_at": _time(row["created_at"]),
        "completed_at": _time(row["completed_at"]),
        "free_text": free_text(row),
    }


def free_text(row: Row) -> str:
    """Join all that a search in words looks through."""
    parts = chain((row[name] for name in _TEXT_PARTS), row["trigger_reasons"], _leaves(row["metadata"]))
    return " ".join(str(part) for part in parts if part is not None)[:MAX_TEXT_LENGTH]


def result_record(row: Row) -> dict[str, Any]:
    """Return the record of the results topic: one for each subsystem of a job."""
    time_ms = row["inference_time_ms"]
    return {
        "job_id": row["job_id"],
        "satellite_id": row["satellite_id"],
        "subsystem": row["subsystem"],
        "status": row["status"],
        "model_name": row["model_name"],
        "verdict": row["verdict"],
        "anomaly_detected": row["anomaly_detected"],
        "anomaly_score": row["anomaly_score"],
        "input_features": row["input_features"],
        "predictions": row["predictions"],
        "confidence": row["confidence"],
        "metrics": {
            "inference_time": None if time_ms is None else time_ms / 1000,
            "model_type": row["model_type"],
            "forecast_steps": row["forecast_horizon"],
            "sequence_length": row["sequence_length"],
            "mean": row["prediction_mean"],
            "std": row["prediction_std"],
        },
        "metadata": {**(row["metadata"] or {}), "processed_by": row["processed_by"]},
        "created_at": _time(row["created_at"]),
        "completed_at": _time(row["completed_at"]),
        "error_message": row["error_message"],
    }


def sample_lines(row: Row, mission: Mission, *, now_us: int) -> list[str]:
    """Return the series of a verdict on telemetry, in Prometheus' text format; none for posted series.

    The score lies at its generation time. The first predicted value of each channel lies one of the channel's
    intervals after its last step, the time of the sample that it forecasts. What VictoriaMetrics would drop
    is left out.
    """
    if row["generated_at"] is None:
        return []
    end_us = microseconds_of(row["generated_at"])
    lines = []
    if row["anomaly_score"] is not None and is_kept(end_us, now_us):
        labels = {"satellite_id": row["satellite_id"], "subsystem": row["subsystem"]}
        lines.append(sample_line(SCORE_METRIC, labels, row["anomaly_score"], end_us))
    satellite = {"satellite_id": row["satellite_id"]}
    lines += [
        sample_line(name, satellite, value, time_us)
        for name, value, time_us in _first_predictions(row, mission)
        if is_kept(time_us, now_us)
    ]
    return lines


def _first_predictions(row: Row, mission: Mission) -> Iterator[tuple[str, float, int]]:
    """Yield series, value and time in microseconds."""
    first = row["predictions"][0] if row["predictions"] else None
    if not isinstance(first, list):
        return
    values = dict(zip(row["input_features"], first, strict=True))
    for metric, path in mission.metrics.items():
        subsystem, _, channel = path.partition(".")
        value = values.get(channel) if subsystem == row["subsystem"] else None
        if isinstance(value, int | float) and (times := channel_step_times(row, channel)):
            yield metric + PREDICTION_SUFFIX, float(value), times.at_us(1)


def _leaves(value: Any) -> Iterator[Any]:
    """Yield the words of a JSON value: its strings and numbers, not its keys."""
    if isinstance(value, dict):
        yield from chain.from_iterable(map(_leaves, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_leaves, value))
    elif value is not None and not isinstance(value, bool):
        yield value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
