"""Another threshold of the score is tried over HTTP and by command on stored verdicts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from operation_server.what_if import __main__ as command
from operation_server.what_if import thresholds
from operation_server.what_if.budget import Allowance
from operation_server.what_if.trial_routes import TRIALS
from tests.integration.api.alarms.rows import act
from tests.integration.api.alerts.judging import judge
from tests.integration.api.calls import fetch, problem
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
MINUTES = 60


def ask(api: RunningApi, **given: Any) -> requests.Response:
    body = {"subsystem": "eps", "threshold": 0.8, "days": 1, **given}
    return requests.post(f"{api.url}/api/v1/what-if/threshold", json=body, timeout=60)


def tried(api: RunningApi, **given: Any) -> dict[str, Any]:
    answer = ask(api, **given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def judged(api: RunningApi, *scores: float, minute: float = 0, lane: str = "live") -> None:
    """Save a verdict a minute, then one of nominal telemetry ten minutes later."""
    for place, score in enumerate(scores):
        word = "a" if score > 0.7 else "n"
        judge(api.pool, (minute + place) * MINUTES, word, start=START, lane=lane, anomaly_score=score)
    judge(api.pool, (minute + len(scores) + 10) * MINUTES, "n", start=START, lane=lane)


def alarm_at(api: RunningApi, minute: float) -> str:
    at = (START + timedelta(minutes=minute)).replace(tzinfo=None)
    ((alarm_id,),) = fetch(api.pool, "SELECT alarm_id FROM ops.alarms WHERE started_at = %s", at)
    return str(alarm_id)


@pytest.fixture
def flown(api: RunningApi) -> RunningApi:
    """Three anomalies: one of several weak verdicts, one strong, one of stored telemetry that raises none."""
    judged(api, 0.6, *[0.76, 0.78, 0.79] * 2)
    judged(api, 0.99, minute=30)
    judged(api, 0.99, minute=60, lane="stored")
    api.fold()
    return api


def test_anomalies_before_and_after_are_told_and_those_called_true_that_would_be_missed(
    flown: RunningApi,
) -> None:
    weak, strong = alarm_at(flown, 1), alarm_at(flown, 30)
    act(flown, f"{weak}/feedback", feedback="true_alarm").raise_for_status()
    act(flown, f"{strong}/feedback", feedback="false_alarm").raise_for_status()
    found = tried(flown)
    assert found["satellites"] == [{"satellite_id": "SAT-001", "samples": 10, "before": 2, "after": 1}]
    assert found["before"] == {"count": 2, "per_day": 2.0, "per_operator_hour": pytest.approx(2 / 24)}
    (gone,) = found["vanishing"]["alarms"]
    assert (gone["alarm_id"], gone["worst_value"]) == (weak, 0.79)
    assert found["feedback"] == [
        {"feedback": "false_alarm", "count": 1, "before": 1, "after": 1},
        {"feedback": "true_alarm", "count": 1, "before": 1, "after": 0},
    ]
    assert [one["alarm_id"] for one in found["missed"]["alarms"]] == [weak]
    assert fetch(flown.pool, "SELECT count(*) FROM ops.alarms WHERE kind = 'anomaly'") == [(2,)]


def test_the_threshold_in_force_changes_nothing_and_a_lower_one_begins_earlier(flown: RunningApi) -> None:
    same = tried(flown, threshold=0.7)
    assert (same["appearing"]["count"], same["vanishing"]["count"]) == (0, 0)
    assert same["before"] == same["after"] == tried(flown, threshold=0.5)["after"]


def test_pages_end_anywhere(flown: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tried(flown)
    for size in (1, 3, 5, 10):
        monkeypatch.setattr(thresholds, "PAGE_VERDICTS", size)
        paged = tried(flown)
        for name in ("satellites", "before", "after", "vanishing"):
            assert paged[name] == whole[name]


def test_nothing_stored_is_told_as_nothing(api: RunningApi) -> None:
    assert tried(api)["satellites"] == []
    assert tried(api, satellites=["SAT-9"])["satellites"] == [
        {"satellite_id": "SAT-9", "samples": 0, "before": 0, "after": 0}
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"threshold": 0}, "threshold"),
        ({"threshold": 0.96}, "threshold: Input should be less than 0.96"),
        ({"threshold": None}, "threshold"),
        ({"subsystem": "esp"}, "unknown subsystem esp; known: eps"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"satellites": ["a b"]}, "satellites"),
        ({"operator": "Ada"}, "operator"),
    ],
)
def test_a_refusal_says_what_is_wrong(api: RunningApi, given: dict[str, Any], text: str) -> None:
    assert text in problem(ask(api, **given), 422)


def test_more_than_the_allowance_is_refused_with_what_fits(
    flown: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thresholds, "PAGE_VERDICTS", 1)
    TRIALS.of(flown.app).allowance = Allowance(most_samples=3)
    told = problem(ask(flown), 422)
    assert told.startswith("1 days of 1 satellites are more than one trial reads (10 s, 3 verdicts): try ")


def test_the_command_counts_all_subsystems(
    flown: RunningApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Settings", lambda: flown.database)
    weak = alarm_at(flown, 1)
    act(flown, f"{weak}/feedback", feedback="true_alarm").raise_for_status()
    monkeypatch.setattr("sys.argv", ["what-if", "--threshold", "0.8", "--days", "1"])
    assert command.main() == 0
    lines = {line[:44].strip(): line[44:].split() for line in capsys.readouterr().out.splitlines()}
    assert lines["alarms of 1 days, 1 satellites"] == ["verdicts", "before", "after"]
    assert lines["eps anomaly"] == ["10", "2", "1"]
    assert lines["thermal anomaly"] == ["0", "0", "0"]
    assert lines["these anomalies, per day"] == ["2.00", "1.00"]
    assert lines["eps: of 1 called true_alarm"] == ["1", "0"]
    assert f"missed by 0.8: {weak}"[:44].strip() in lines


def test_the_command_says_that_there_is_nothing_and_what_it_takes(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Settings", lambda: api.database)
    monkeypatch.setattr("sys.argv", ["what-if", "--threshold", "0.8"])
    assert command.main() == 1
    assert "No verdicts of the last 7 days are stored" in capsys.readouterr().err
    for wrong in ("--threshold 0.96", "--threshold nan", "--threshold .8 --days 366", ""):
        monkeypatch.setattr("sys.argv", ["what-if", *wrong.split()])
        with pytest.raises(SystemExit):
            command.main()
