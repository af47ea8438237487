"""The writer between stream and database: decides per batch, then imports, counts and logs."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.service.observability import (
    MESSAGES_FAILED,
    MESSAGES_SKIPPED,
    SAMPLES_OUT_OF_RETENTION,
    LogBudget,
)
from telemetry_writer.first_values import FirstValues
from telemetry_writer.series import SampleImport, plan_import

SERVICE: Final = "telemetry-writer"
MESSAGES_LOGGED_PER_S: Final = 20

_log = structlog.get_logger(SERVICE)


class SampleSink(Protocol):
    """Where samples go."""

    def import_samples(self, lines: Sequence[str]) -> object:
        """Return once all lines but permanently refused ones are kept; else raise `DependencyUnavailable`."""


class TelemetryWriter:
    """Plans and carries out the import of batches of telemetry."""

    def __init__(
        self,
        mission: Mission,
        sink: SampleSink,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mission = mission
        self._sink = sink
        self._first_values = FirstValues(mission)
        self._clock = clock
        self._budget = LogBudget(MESSAGES_LOGGED_PER_S, monotonic=monotonic)

    def plan(self, records: Sequence[Record]) -> SampleImport:
        """Decide what the records put into VictoriaMetrics."""
        return plan_import(
            records,
            mission=self._mission,
            now_us=int(self._clock() * 1_000_000),
            first_values=self._first_values,
        )

    def rewrite(self, records: Sequence[Record]) -> None:
        """Import the samples of records once more; they were counted and logged when their turn came."""
        self._sink.import_samples(self.plan(records).lines)

    def write(self, samples: SampleImport) -> None:
        """Import the samples; count and log only after they are kept, so that a retry counts once."""
        self._sink.import_samples(samples.lines)
        for reason, count in samples.skipped.items():
            MESSAGES_SKIPPED.labels(SERVICE, reason).inc(count)
        for failed in samples.failed:
            MESSAGES_FAILED.labels(SERVICE).inc()
            _log.error(
                "Samples of a message left out after an unexpected error",
                exc_info=failed.error,
                partition=failed.partition,
                offset=failed.offset,
            )
        if samples.out_of_retention:
            SAMPLES_OUT_OF_RETENTION.inc(samples.out_of_retention)
            _log.warning(f"{samples.out_of_retention} samples left out: outside VictoriaMetrics' retention")
        for message in samples.messages:
            if self._budget.admit("Processed telemetry of {count} more messages in the last second"):
                _log.info(f"Processed telemetry from {message.satellite_id}: {message.sample_count} metrics")
