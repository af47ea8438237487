"""Storing a job that a client asks for, before its tasks are published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import execute_values

from operation_server.inference import QUERIES
from telemetry_core.contract.inferences import Job, JobStatus
from telemetry_core.contract.mission import SERIES_SUBSYSTEM
from telemetry_core.contract.values import storable_text
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInput:
    """Input of one subsystem of a job that a client asks for."""

    subsystem: str
    model_name: str
    input_data: Any
    input_features: tuple[str, ...]


def create_pending_job(connection: Connection, job: Job, inputs: Sequence[PendingInput]) -> None:
    """Insert a job that a client asked for, with a pending row for each of its inputs.

    A posted series gets its result document too.
    """
    parameters = {
        "job_id": job.job_id,
        "satellite_id": job.satellite_id,
        "source": job.source,
        "trigger_reason": None if job.trigger_reason is None else storable_text(job.trigger_reason),
        "trigger_reasons": list(map(storable_text, job.trigger_reasons)),
        "total_subsystems": job.total_subsystems,
        "created_at": job.created_at,
        "metadata": to_json(job.metadata),
    }
    rows = [
        (job.job_id, item.subsystem, item.model_name, JobStatus.PENDING.value, to_json(item.input_data),
         list(item.input_features), job.created_at, job.satellite_id)
        for item in sorted(inputs, key=lambda item: item.subsystem)
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["insert_pending_job"], parameters)
        execute_values(cursor, QUERIES["insert_pending_inferences"], rows, page_size=len(rows))
        for item in inputs:
            if item.subsystem == SERIES_SUBSYSTEM:
                cursor.execute(
                    QUERIES["insert_pending_result"], {**parameters, "model_name": item.model_name}
                )
