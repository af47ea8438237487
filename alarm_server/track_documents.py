"""Tracks as documents of PostgreSQL."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from alarm_server.tracking import AnyTrack
from alarms.delta_tracks import DeltaTrack
from alarms.deltas import Point
from alarms.limit_tracks import MIN_KEPT, Track
from alarms.violation_runs import Run, Sample


def document_of(track: AnyTrack) -> dict[str, Any]:
    """Make a document of a track; of a limit, without the samples that a look-back reads again."""
    if isinstance(track, DeltaTrack):
        return {
            "points": [
                [point.at_us, point.value, point.is_sent, point.is_in_context] for point in track.points
            ],
            "settled": track.settled,
            "base": document_of(track.base),
            "whole": document_of(track.whole),
        }
    return {
        "newest_value": track.newest_value,
        "sent_us": track.sent_us,
        "times_us": track.times_us,
        "clear_us": track.clear_us if track.pending else track.clear_us[-MIN_KEPT:],
        "violations_us": track.violations_us[-MIN_KEPT:],
        "pending": [asdict(sample) for sample in track.pending],
        "runs": [asdict(run) for run in track.runs],
    }


def track_of(document: Mapping[str, Any]) -> AnyTrack:
    """Read a track from the document that was stored of it."""
    if "points" in document:
        return DeltaTrack(
            points=tuple(_point_of(*point) for point in document["points"]),
            settled=document["settled"],
            base=_limit_track_of(document["base"]),
            whole=_limit_track_of(document["whole"]),
        )
    return _limit_track_of(document)


def _point_of(at_us: int, value: float | None, is_sent: bool, is_in_context: bool) -> Point:  # noqa: FBT001
    """JSON has no NaN: null is a value that is unknown."""
    return Point(
        at_us=at_us,
        value=math.nan if value is None else float(value),
        is_sent=is_sent,
        is_in_context=is_in_context,
    )


def _limit_track_of(document: Mapping[str, Any]) -> Track:
    times_us = tuple(document["times_us"])
    return Track(
        newest_value=document["newest_value"],
        # A track of an earlier release does not tell.
        sent_us=document.get("sent_us", times_us[-1] if times_us else None),
        times_us=times_us,
        clear_us=tuple(document["clear_us"]),
        violations_us=tuple(document.get("violations_us", ())),
        pending=tuple(Sample(**sample) for sample in document["pending"]),
        runs=tuple(Run(**run) for run in document["runs"]),
    )
