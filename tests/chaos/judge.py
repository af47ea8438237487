"""What the ledger demands of every store, set against what the stores hold."""

from collections.abc import Iterable, Sequence

from testbed.oracle import Demands
from tests.chaos.account import Account, settle
from tests.chaos.sinks import Found


def accounts(must: Demands, may: Demands, found: Found, satellite_ids: Sequence[str]) -> dict[str, Account]:
    """Settle every kind of effect.

    `must` are the demands of what was sent until some moment, `may` those of all that was sent until the
    stores had been read: the load goes on meanwhile.
    """
    rows, later_rows = _keys(must.rows), _keys(may.rows | may.restless)
    return {
        "jobs": settle(must.subsystems, found.jobs, {job_id for job_id, _ in may.rows | may.restless}),
        "rows": settle(rows, found.rows, later_rows),
        "samples": settle(_samples(must, satellite_ids), found.samples, _samples(may, satellite_ids)),
        "documents": settle(rows, found.documents, later_rows),
        "results": settle(rows, found.results, later_rows),
        "dead letters": settle(must.dead_letters.items(), found.letters, may.dead_letters.items()),
        "alarms": settle(_broken_rules(must), found.alarms, _broken_rules(may)),
    }


def _keys(rows: Iterable[tuple[str, str]]) -> set[str]:
    return {f"{job_id}/{subsystem}" for job_id, subsystem in rows}


def _samples(demands: Demands, satellite_ids: Sequence[str]) -> set[tuple[str, int]]:
    return {(name, at) for name in satellite_ids for at in demands.temperature_times.get(name, ())}


def _broken_rules(demands: Demands) -> set[tuple[str, str]]:
    """Return satellite and rule of every breach among the demanded jobs."""
    return {
        (job_id.removeprefix("kafka-").rsplit("-", 1)[0], reason)
        for job_id, reasons in demands.reasons.items()
        for reason in reasons
        if reason != "periodic_check"
    }
