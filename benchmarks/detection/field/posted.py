"""Posted series of suite field: a client sends the newest samples of a subsystem, again and again.

Each series is a request of its own, read as the API and a worker read it, and no constants know its
channels: it is judged against itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

import orjson

from analysis_server.windows.arguments import DEFAULT_WINDOW_LENGTH
from analysis_server.windows.reading import read_subsystem_task
from benchmarks.detection.evaluation.alerts import Alert, Alerts, Key, Verdicts
from benchmarks.detection.field.telemetry import Track
from operation_server.inference.schemas import SubmitRequest
from operation_server.inference.submission import check_request, plan_submission
from recordings.preview import ModelFile
from scoring.alert_rule import Judged
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.mission import Mission

POSTED_EVERY: Final = 16
"""Steps between the newest samples of two series: a fault is seen as their newest quarter, half, ..."""
CREATED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request."""

    satellite_id: str
    subsystem: str
    end_us: int
    """Time of its newest samples."""
    series: dict[str, list[float]]
    """By channel."""


def posts_of(tracks: Iterable[Track]) -> Iterator[Post]:
    """Cut the telemetry of satellites into series, each satellite's from another place on."""
    groups = groupby(tracks, key=lambda track: (track.satellite_id, track.subsystem))
    for number, ((satellite_id, subsystem), group) in enumerate(groups):
        channels = list(group)
        times_us = channels[0].times_us
        for end in range(DEFAULT_WINDOW_LENGTH + number % POSTED_EVERY, times_us.size + 1, POSTED_EVERY):
            chosen = slice(end - DEFAULT_WINDOW_LENGTH, end)
            yield Post(
                satellite_id=satellite_id,
                subsystem=subsystem,
                end_us=int(times_us[end - 1]),
                series={track.channel: track.values[chosen].tolist() for track in channels},
            )


def judged_posts(tracks: Sequence[Track], mission: Mission, model: ModelFile) -> dict[Key, list[Judged]]:
    """Post the tracks' series and judge each by itself."""
    found: dict[Key, list[Judged]] = {}
    for number, post in enumerate(posts_of(tracks)):
        judged = judged_post(post, number, mission, model)
        found.setdefault((post.satellite_id, post.subsystem), []).append(judged)
    return found


def judged_post(post: Post, number: int, mission: Mission, model: ModelFile) -> Judged:
    """What a client that sends a series is answered."""
    name, version = mission.model.name, mission.model.version
    request = SubmitRequest.model_validate(
        {
            "model_name": name,
            "subsystems": {post.subsystem: post.series},
            "metadata": {"satellite_id": post.satellite_id},
        }
    )
    check_request(request, models={name: [version]}, mission=mission)
    planned = plan_submission(request, job_id=f"posted-{number}", created_at=CREATED_AT, mission=mission)
    arguments: list[Any] = orjson.loads(orjson.dumps(planned.tasks[0].arguments))
    windows, _ = read_subsystem_task(arguments, {}, newest_version=lambda _: version)
    row = model.judge(windows)[0]
    return Judged(job_id=row.job_id, at_us=post.end_us, verdict=row.verdict, score=row.anomaly_score)


def answers(found: Verdicts) -> Alerts:
    """Every anomalous answer is an alarm to the client that reads it."""
    return {
        key: [answer(one) for one in posts if one.verdict is Verdict.ANOMALOUS]
        for key, posts in found.items()
    }


def answer(judged: Judged) -> Alert:
    """An alert that is over at once."""
    at_us = judged.at_us
    return Alert(started_us=at_us, raised_us=at_us, last_us=at_us, ended_us=at_us, verdicts=1)
