"""How far alerts of the anomaly score are behind the verdicts."""

from operation_server.alarms import QUERIES
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import select


def anomalies_behind_s(connection: Connection) -> float:
    """Return for how many seconds the oldest verdict has waited that the alerts don't count yet; 0 = none."""
    (found,) = select(connection, QUERIES["anomalies_behind"])
    return max(0.0, float(found["behind_s"]))
