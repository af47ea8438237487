"""Which samples of a message go into which series of VictoriaMetrics: no clock, no network."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import MessageHeader, parse_header
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.values import number_of
from telemetry_core.kafka.records import Record
from telemetry_core.victoriametrics import is_kept, sample_line
from telemetry_writer.first_values import FirstValues

MAX_WILDCARD_FIELDS: Final = 64
"""Fields of one object that a `*` turns into series: a sender must not invent series without end."""

_WILDCARD: Final = "*"
_FIELD_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedMessage:
    """A message whose samples are part of an import."""

    satellite_id: str
    sample_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message whose samples are missing because of an error of ours."""

    partition: int
    offset: int
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleImport:
    """What one batch of records puts into VictoriaMetrics, and what it does not."""

    #: Prometheus text format, one sample a line.
    lines: Sequence[str]
    messages: Sequence[ProcessedMessage]
    #: Samples that VictoriaMetrics would drop for their age without a word.
    out_of_retention: int
    #: Reason to number of messages that are no telemetry.
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed: Sequence[FailedMessage] = ()


def plan_import(
    records: Sequence[Record], *, mission: Mission, now_us: int, first_values: FirstValues
) -> SampleImport:
    """Turn records into import lines; messages that can't be used are counted by reason."""
    lines: list[str] = []
    messages: list[ProcessedMessage] = []
    skipped: dict[str, int] = {}
    failed: list[FailedMessage] = []
    out_of_retention = 0
    for record in records:
        try:
            header = parse_header(record.value, mission=mission, received_us=record.received_us)
            values = samples_of(header.body, mission)
            first_values.check(header, values)
            samples = import_lines(header, values)
        except InvalidTelemetryMessage as error:
            skipped[error.reason] = skipped.get(error.reason, 0) + 1
            continue
        except Exception as error:  # noqa: BLE001 - one message must not stop the rest
            failed.append(FailedMessage(partition=record.partition, offset=record.offset, error=error))
            continue
        if is_kept(header.generated_us, now_us):
            lines.extend(samples)
            messages.append(ProcessedMessage(satellite_id=header.satellite_id, sample_count=len(samples)))
        else:
            out_of_retention += len(samples)
    return SampleImport(
        lines=lines, messages=messages, out_of_retention=out_of_retention, skipped=skipped, failed=failed
    )


def import_lines(header: MessageHeader, samples: Mapping[str, float]) -> list[str]:
    """Render one line per series: `name{satellite_id="..."} value milliseconds`."""
    labels = {"satellite_id": header.satellite_id}
    return [sample_line(name, labels, value, header.generated_us) for name, value in samples.items()]


def samples_of(body: Mapping[str, object], mission: Mission) -> dict[str, float]:
    """Return series name to value; booleans as 1 and 0, and nothing for values that are not samples.

    The mission's `metrics` map a series to `object.field`, or with `*` on both sides every numeric field of
    an object; where two entries name one series, the first wins.
    """
    samples: dict[str, float] = {}
    for metric, path in mission.metrics.items():
        object_name, _, field_name = path.partition(".")
        fields = body.get(object_name)
        if not isinstance(fields, dict):
            continue
        for series, name in _selected(metric, field_name, fields):
            value = _number(fields[name], mission.fill_values(object_name, name))
            if value is not None:
                samples.setdefault(series, value)
    return samples


def _selected(metric: str, field_name: str, fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each series and the field that it is made from."""
    if field_name != _WILDCARD:
        if field_name in fields:
            yield metric, field_name
        return
    prefix = metric.removesuffix(_WILDCARD)
    names = [name for name in fields if _FIELD_NAME.fullmatch(name)]
    for name in names[:MAX_WILDCARD_FIELDS]:
        yield prefix + name, name


def _number(value: object, missing: Collection[float]) -> float | None:
    if isinstance(value, bool):
        return None if value in missing else int(value)
    return number_of(value, missing=missing)
