"""How each part of the platform is, by its numbers."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from prometheus_client import REGISTRY

from operation_server.health.probes import Unavailable
from operation_server.health.triton import IndexedModel, not_ready, with_missing
from operation_server.pipeline.databases import DatabaseNumbers
from operation_server.pipeline.kafka import KafkaNumbers
from operation_server.pipeline.metrics import NUMBER_QUERIES, Metrics
from operation_server.pipeline.passed_over import COUNTERS
from operation_server.pipeline.schemas import Pipeline, Worker
from operation_server.pipeline.status_cache import StatusCache
from operation_server.telemetry.victoria import Sample
from operation_server.verdicts.feed import EVENTS_PASSED_OVER
from telemetry_core.service.observability import RESTLESS_SAMPLE_SETS
from tests.unit.operation_server.pipeline.probed import NOW, ROOM, WELL, pipeline, states


class TestParts:
    def test_nothing_is_said_where_all_is_well(self) -> None:
        answer = pipeline()
        assert states(answer) == {"gpu": "standby"}
        assert answer.alerts == []
        assert (answer.verdicts.latency_p99_ms, answer.verdicts.latency_p50_ms) == (250.0, None)

    def test_rows_that_were_never_counted_are_unknown(self) -> None:
        database = pipeline().database
        assert (database.jobs, database.verdicts) == (None, 9)

    def test_unavailable_tool_switches_only_its_own_parts_off(self) -> None:
        parts = {
            "kafka": {"kafka"},
            "rabbitmq": {"rabbitmq"},
            "workers": {"workers"},
            "triton": {"triton", "gpu"},
            "metrics": {"verdicts", "gpu", "victoria_metrics", "services"},
            "database": {"database", "verdicts", "search"},
            "search": {"search"},
        }
        for tool, off in parts.items():
            away: dict[str, Any] = {tool: Unavailable(detail=f"{tool} unavailable: refused")}
            answer = pipeline(**away)
            assert {name for name, state in states(answer).items() if state == "off"} == off
            assert {alert.part for alert in answer.alerts} == off
            assert all(f"{tool} unavailable: refused: see " in alert.message for alert in answer.alerts)

    def test_restless_sample_sets_are_shown_as_the_trigger_counts_them(self) -> None:
        (counted,) = RESTLESS_SAMPLE_SETS.describe()
        numbers = {"restless_judged": 37.0, "restless_left_out": 12.0}
        for name, outcome in zip(numbers, ("judged", "left out"), strict=True):
            assert f'{counted.name}_total{{outcome="{outcome}"}}[5m]' in NUMBER_QUERIES[name]
        part = pipeline(metrics=Metrics(triton=[], numbers=numbers)).verdicts
        assert (part.restless_judged, part.restless_left_out) == (37, 12)

    def test_jobs_that_stay_open_and_late_verdicts_are_reported(self) -> None:
        assert isinstance(WELL.database, DatabaseNumbers)
        late = pipeline(
            metrics=Metrics(triton=[], numbers={"success_percent": 100.0, "latency_p99_s": 294.0}),
            database=replace(WELL.database, open_jobs=7, oldest_open_s=700.0),
        ).verdicts
        assert (late.state, late.open_jobs, late.oldest_open_s) == ("serious", 7, 700.0)
        assert "294 s or more after their message" in late.detail
        assert "7 jobs are not judged yet, the oldest for 700 s" in late.detail

    @pytest.mark.parametrize(("behind_s", "state"), [(10, "normal"), (11, "caution"), (61, "serious")])
    def test_alerts_behind_the_verdicts_are_reported(self, behind_s: float, state: str) -> None:
        assert isinstance(WELL.database, DatabaseNumbers)
        part = pipeline(database=replace(WELL.database, anomalies_behind_s=behind_s)).verdicts
        assert (part.state, part.anomalies_behind_s) == (state, behind_s)
        assert (f"{behind_s} s behind the verdicts" in part.detail) == (state != "normal")

    @pytest.mark.parametrize("name", ["inference", "celery", "dead-letters"])
    def test_queue_that_is_missing_is_named(self, name: str) -> None:
        assert not isinstance(WELL.rabbitmq, Unavailable)
        answer = pipeline(rabbitmq=[queue for queue in WELL.rabbitmq if queue.queue != name])
        assert answer.rabbitmq.state == "caution"
        assert f"queue {name} is missing" in answer.rabbitmq.detail

    def test_topic_that_is_missing_is_named(self) -> None:
        assert isinstance(WELL.kafka, KafkaNumbers)
        answer = pipeline(kafka=replace(WELL.kafka, topics=WELL.kafka.topics[:1]))
        assert (answer.kafka.state, answer.kafka.dead_letters) == ("serious", 0)
        assert "topic refused is missing" in answer.kafka.detail

    @pytest.mark.parametrize(
        ("bounds", "collected", "still_open", "count"),
        [
            ({0: (0, 3), 1: (5, 5)}, {}, 0, 3),
            ({0: (0, 3)}, {0: 3}, 3, 3),
            ({0: (0, 3)}, {0: 3}, 0, 0),
            ({0: (0, 5)}, {0: 3}, 0, 2),
            ({0: (4, 6)}, {0: 2}, 0, 2),
            ({0: (0, 2)}, {0: 90}, 0, 2),
        ],
        ids=["none collected", "all open", "all handled", "two since", "two gone unseen", "topic made anew"],
    )
    def test_dead_letters_that_nobody_handled_are_counted_and_a_caution(
        self, bounds: dict[int, tuple[int, int]], collected: dict[int, int], still_open: int, count: int
    ) -> None:
        assert isinstance(WELL.kafka, KafkaNumbers)
        assert isinstance(WELL.database, DatabaseNumbers)
        answer = pipeline(
            kafka=replace(WELL.kafka, dead_letters=bounds),
            database=replace(WELL.database, open_letters=still_open, letter_positions=collected),
        )
        state = "caution" if count else "normal"
        assert (answer.kafka.dead_letters, answer.kafka.state) == (count, state)

    def test_dead_letters_are_unknown_while_postgresql_is_unavailable(self) -> None:
        answer = pipeline(database=Unavailable(detail="refused"))
        assert (answer.kafka.dead_letters, answer.kafka.state) == (None, "normal")

    def test_without_workers_nothing_is_analysed(self) -> None:
        assert pipeline(workers=[]).workers.state == "critical"
        silent = Worker(worker="celery@two", is_alive=False, active=None, concurrency=None, processed=None)
        assert isinstance(WELL.workers, list)
        assert pipeline(workers=[*WELL.workers, silent]).workers.state == "serious"

    def test_model_that_is_not_ready_is_serious_and_none_is_critical(self) -> None:
        lost = IndexedModel(model_name="vae", version="", is_ready=False, reason="no protobuf")
        assert isinstance(WELL.triton, list)
        part = pipeline(triton=[*WELL.triton, lost]).triton
        assert (part.state, part.detail) == ("serious", "model vae is not ready: no protobuf; its tasks wait")
        assert pipeline(triton=[]).triton.state == "critical"

    def test_model_that_the_mission_asks_is_missed_where_triton_does_not_know_it(self) -> None:
        assert isinstance(WELL.triton, list)
        assert with_missing(WELL.triton, "lstm") == WELL.triton
        (_, missing) = with_missing(WELL.triton, "vae")
        assert (missing.model_name, missing.is_ready) == ("vae", False)
        assert not_ready([missing]) == ["model vae is not ready: it is not in Triton's model repository"]

    def test_index_that_is_not_built_yet_waits(self) -> None:
        search = pipeline(search=None).search
        assert (search.state, search.documents) == ("standby", None)


class TestPassedOver:
    REFUSED: ClassVar = {
        "sink": "search", "count": 3, "job_id": "job-7", "subsystem": "eps", "reason": "no date",
        "refused_at": NOW - timedelta(hours=1),
    }  # fmt: skip

    def with_refused(self, **changes: Any) -> Pipeline:
        assert isinstance(WELL.database, DatabaseNumbers)
        return pipeline(database=replace(WELL.database, refused=[{**self.REFUSED, **changes}]))

    def test_verdicts_that_a_sink_refused_are_named_with_the_last_reason(self) -> None:
        answer = self.with_refused()
        (item,) = answer.passed_over.items
        assert (item.what, item.count, item.newest_at) == (
            "verdicts that search refused", 3, NOW - timedelta(hours=1)
        )  # fmt: skip
        assert item.reason == "job-7/eps: no date"
        assert [(alert.part, alert.state) for alert in answer.alerts] == [("passed_over", "caution")]

    def test_old_refusals_stay_listed_and_alert_no_more(self) -> None:
        answer = self.with_refused(refused_at=NOW - timedelta(days=2))
        assert (answer.passed_over.state, len(answer.passed_over.items)) == ("standby", 1)
        assert answer.alerts == []

    def test_counters_say_where_to_find_their_reasons(self) -> None:
        counts = {"telemetry_samples_refused_total": 7.0, "housekeeping_chores_failed_total": 0.0}
        metrics = Metrics(triton=[], numbers={}, passed_over=counts)
        (item,) = pipeline(metrics=metrics).passed_over.items
        assert (item.count, item.what) == (7, "samples that VictoriaMetrics refused")
        assert "telemetry_writer" in item.reason

    def test_unavailable_tool_is_no_proof_that_nothing_was_passed_over(self) -> None:
        part = pipeline(database=Unavailable(detail="refused")).passed_over
        assert (part.state, part.items) == ("standby", [])
        assert "incomplete while" in part.detail

    def test_every_counter_is_one_that_a_service_or_server_exports(self) -> None:
        own = {f"{family.name}_total" for family in REGISTRY.collect() if family.type == "counter"}
        # The API's own counter is registered where it is imported from.
        assert {f"{family.name}_total" for family in EVENTS_PASSED_OVER.collect()} <= own
        assert {name for name in COUNTERS if not name.startswith("vm_")} <= own


class TestTriton:
    def test_counts_are_those_of_the_model_and_version(self) -> None:
        samples = [
            sample("nv_inference_count", 66, model="lstm", version="1"),
            sample("nv_inference_request_success", 60, model="lstm", version="1"),
            sample("nv_inference_request_failure", 1, model="lstm", version="1", reason="BACKEND"),
            sample("nv_inference_request_failure", 2, model="lstm", version="1", reason="OTHER"),
            sample("nv_inference_compute_infer_duration_us", 90_000, model="lstm", version="1"),
            sample("nv_inference_count", 999, model="lstm", version="2"),
        ]
        (model,) = pipeline(metrics=Metrics(triton=samples, numbers={})).triton.models
        assert (model.inferences, model.failures, model.mean_compute_ms) == (66, 3, 1.5)

    def test_model_without_samples_has_no_counts(self) -> None:
        (model,) = pipeline().triton.models
        assert (model.inferences, model.failures, model.mean_compute_ms) == (None, None, None)

    def test_devices_are_listed_and_utilization_is_in_percent(self) -> None:
        samples = [
            sample("nv_gpu_utilization", 0.42, gpu_uuid="GPU-a"),
            sample("nv_gpu_memory_used_bytes", 2e9, gpu_uuid="GPU-a"),
            sample("nv_gpu_power_usage", 71.5, gpu_uuid="GPU-b"),
        ]
        gpu = pipeline(metrics=Metrics(triton=samples, numbers={})).gpu
        first, second = gpu.devices
        assert gpu.state == "normal"
        assert (first.uuid, first.utilization_percent, first.memory_used_bytes) == (
            "GPU-a",
            42.0,
            2_000_000_000,
        )
        assert (first.power_w, second.power_w, second.utilization_percent) == (None, 71.5, None)


def sample(name: str, value: float, **labels: str) -> Sample:
    return Sample(labels={"__name__": name, **labels}, value=value)


async def at_once(cache: StatusCache, clients: int) -> list[Pipeline]:
    return await asyncio.gather(*(cache.pipeline() for _ in range(clients)))


def test_full_disk_is_critical_and_says_how_much_is_missing_also_without_the_database() -> None:
    full = replace(ROOM, free_bytes=300_000_000)
    for database in (WELL.database, Unavailable(detail="database: no answer")):
        answer = pipeline(disk=full, database=database)
        assert answer.database.free_disk_bytes == 300_000_000
        (alert,) = [alert for alert in answer.alerts if alert.state == "critical"]
        assert "300 MB are free, 1000 MB are needed" in alert.message


@pytest.mark.parametrize(
    ("free_mb", "state"), [(2000, "normal"), (1999, "caution"), (1000, "caution"), (999, "critical")]
)
def test_disk_warns_while_there_is_still_time(free_mb: int, state: str) -> None:
    assert pipeline(disk=replace(ROOM, free_bytes=free_mb * 1_000_000)).database.state == state
