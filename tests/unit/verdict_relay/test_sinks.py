"""What each sink says of verdicts that it refuses, with its server played by a fake."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.search import SearchEngine, SearchRefused
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.victoriametrics import VictoriaMetrics
from tests.unit.verdict_relay.test_documents import verdict
from verdict_relay.__main__ import _sinks
from verdict_relay.sinks import MetricsSink, SearchSink


@pytest.mark.parametrize(
    ("url", "names"),
    [("http://search.example:9200", ["search", "results", "metrics"]), ("", ["results", "metrics"])],
)
def test_search_is_a_sink_where_there_is_one(url: str, names: list[str]) -> None:
    assert [sink.name for sink in _sinks(Settings(elasticsearch_url=url))] == names


class Engine(SearchEngine):
    """Answers bulk requests: `outcomes` by key, done where none is given; `wrong` fails a whole request."""

    def __init__(self, outcomes: Mapping[str, Mapping[str, Any]] = {}, *, wrong: str = "") -> None:
        self.outcomes = outcomes
        self.wrong = wrong
        self.done: list[str] = []

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        answer_timeout_s: float | None = None,
    ) -> Any:
        assert isinstance(body, bytes)
        lines = [orjson.loads(line) for line in body.splitlines()]
        asked = [line for line in lines if line.keys() & {"index", "delete"}]
        keys = [next(iter(line.values()))["_id"] for line in asked]
        if self.wrong in keys:
            raise SearchRefused(400, "id is too long")
        self.done += [key for key in keys if key not in self.outcomes]
        items = [
            {next(iter(line)): self.outcomes.get(key, {"status": 200})}
            for line, key in zip(asked, keys, strict=True)
        ]
        return {"errors": bool(set(keys) & set(self.outcomes)), "items": items}


VERDICTS = [verdict(job_id=f"job-{number}", subsystem="eps") for number in range(5)]
REFUSED = {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no date"}}
BUSY = {"status": 429, "error": {"type": "rejected_execution_exception", "reason": "full"}}


class TestSearch:
    def test_document_that_is_refused_is_named_with_its_reason(self) -> None:
        (refusal,) = SearchSink(Engine({"job-3/eps": REFUSED})).write(1, VERDICTS)
        assert (refusal.job_id, refusal.subsystem) == ("job-3", "eps")
        assert refusal.reason == "mapper_parsing_exception: no date"

    def test_busy_engine_refuses_nothing_for_good(self) -> None:
        with pytest.raises(DependencyUnavailable):
            SearchSink(Engine({"job-1/eps": REFUSED, "job-3/eps": BUSY})).write(1, VERDICTS)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (403, "cluster_block_exception"),
            (401, "security_exception"),
            (404, "index_not_found_exception"),
            (409, "version_conflict_engine_exception"),
            (503, "unavailable_shards_exception"),
        ],
    )
    def test_index_that_takes_nothing_for_now_refuses_no_document(self, status: int, kind: str) -> None:
        blocked = {"status": status, "error": {"type": kind, "reason": "index [i] blocked"}}
        sink = SearchSink(Engine({"job-3/eps": blocked}))
        with pytest.raises(DependencyUnavailable, match=kind):
            sink.write(1, VERDICTS)
        with pytest.raises(DependencyUnavailable, match=kind):
            sink.forget(1, ["job-3/eps"])

    def test_document_that_is_gone_already_is_deleted(self) -> None:
        SearchSink(Engine({"job-3/eps": {"status": 404, "result": "not_found"}})).forget(1, ["job-3/eps"])

    def test_key_that_can_not_be_deleted_does_not_keep_the_others(self) -> None:
        keys = [f"job-{number}/eps" for number in range(5)]
        for engine in (Engine(wrong=keys[2]), Engine({keys[2]: REFUSED})):
            SearchSink(engine).forget(1, keys)
            assert sorted(engine.done) == [key for key in keys if key != keys[2]]

    def test_deletion_waits_for_a_busy_engine(self) -> None:
        with pytest.raises(DependencyUnavailable):
            SearchSink(Engine({"job-1/eps": BUSY})).forget(1, ["job-1/eps"])


class PickyVictoria(VictoriaMetrics):
    """Refuses lines that hold a text."""

    def __init__(self, refused: str) -> None:
        self.refused = refused

    def restore_lost(self) -> bool:
        return False

    def import_samples(self, lines: Sequence[str]) -> dict[str, str]:
        return {line: "HTTP 400 cannot parse" for line in lines if self.refused in line}


def test_verdict_of_which_samples_are_refused_is_named_once() -> None:
    rows = [verdict(satellite_id="SAT-001"), verdict(satellite_id="SAT-002")]
    sink = MetricsSink(PickyVictoria("SAT-002"), load_mission(Settings().mission_file))
    sink._clock = lambda: 1_761_827_700.0
    (refusal,) = sink.write(1, rows)
    assert refusal.reason == "HTTP 400 cannot parse"
    assert refusal.job_id == rows[1]["job_id"]
