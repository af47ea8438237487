"""What was refused, lost or held comes back: breaker, dead letters, reconcile, refill on real servers."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
import requests
from confluent_kafka import Producer

import kafka_inference_trigger.reconcile
import operation_server.dead_letters.__main__
import telemetry_writer.refill
from kafka_inference_trigger.breaker import LEAST_RECORDS, PROBE_RECORDS, Breaker, Probe
from kafka_inference_trigger.dead_letters import DeadLetterTopic, dead_letter_producer
from kafka_inference_trigger.dispatch import Dispatcher
from kafka_inference_trigger.trigger import InferenceTrigger
from operation_server.dead_letters.brokers import KafkaLetters
from operation_server.dead_letters.letters import Letter
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.look_back import read_newest
from telemetry_core.kafka.stream import TelemetryStream
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import save_inferences
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import INTAKE_PAUSED
from telemetry_core.service.settings import Settings, load_mission
from testbed.kafka_topics import committed_offset, create_topic, end_offset, wait_until
from tests.integration.postgres.saving import inference, job
from tests.integration.servers.kafka_server import running_kafka
from tests.integration.servers.victoria_server import running_victoria_server

pytestmark = pytest.mark.integration

GROUP: Final = "recovery"
WITHIN_S: Final = 60.0
MISSION: Final = load_mission(Settings().mission_file)


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    with running_kafka() as server:
        yield server.address


@pytest.fixture
def settings(kafka: str, database: Settings, request: pytest.FixtureRequest) -> Settings:
    """Topics and a database that the test has for itself."""
    name = request.node.name.partition("[")[0][:100]
    for topic in (name, f"{name}-dead"):
        create_topic(topic, servers=kafka)
    return database.model_copy(
        update={
            "kafka_bootstrap_servers": kafka,
            "kafka_topic": name,
            "kafka_dead_letter_topic": f"{name}-dead",
            "celery_broker_url": "amqp://guest:guest@127.0.0.1:1//",
        }
    )


def telemetry(number: int, *, satellite_id: str = "SAT-001") -> bytes:
    moment = datetime.now(UTC) - timedelta(seconds=300 - number)
    body = {
        "satellite_id": satellite_id,
        "timestamp": moment.isoformat(),
        "eps": {"battery_soc_percent": 20.0, "battery_voltage": 3.5},
    }
    return json.dumps(body).encode()


def send(settings: Settings, values: Sequence[bytes], keys: Sequence[bytes] = (b"SAT-001",)) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "acks": "all"})
    for place, value in enumerate(values):
        producer.produce(settings.kafka_topic, value, key=keys[place % len(keys)])
    assert producer.flush(30) == 0


def dead(settings: Settings) -> int:
    return end_offset(settings.model_copy(update={"kafka_topic": settings.kafka_dead_letter_topic}))


def letters(settings: Settings) -> list[Letter]:
    return KafkaLetters(settings).read({}).letters


@contextmanager
def running_trigger(settings: Settings, sent: list[InferenceBatch]) -> Iterator[Breaker]:
    """The trigger as its service puts it together, but that its tasks end in a list."""
    trigger = InferenceTrigger(MISSION, topic=settings.kafka_topic, clock=lambda: datetime.now(UTC))

    def probe() -> Probe:
        records, ends = read_newest(settings, count=PROBE_RECORDS)
        return Probe(outcomes=[trigger.outcome(record) for record in records], ends=ends)

    breaker = Breaker(limit=0.5, probe=probe)
    topic = DeadLetterTopic(dead_letter_producer(settings), source_topic=settings.kafka_topic)
    dispatcher = Dispatcher(topic, lambda batch, _task_id: sent.append(batch), check=breaker.check)
    stream = TelemetryStream(settings, group_id=GROUP, service="test", liveness=Liveness())
    stop = threading.Event()
    running = threading.Thread(
        target=stream.run, args=(stop,), kwargs={"plan": trigger.plan, "act": dispatcher.send}, daemon=True
    )
    running.start()
    try:
        yield breaker
    finally:
        stop.set()
        running.join(30)
        assert not running.is_alive()


class TestBreaker:
    GARBAGE = 2 * LEAST_RECORDS

    def paused(self, settings: Settings) -> None:
        wait_until(lambda: INTAKE_PAUSED._value.get() == 1, "intake is paused", WITHIN_S)
        assert dead(settings) < LEAST_RECORDS, "what came before the breaker knew"
        assert committed_offset(settings, GROUP) < self.GARBAGE

    def test_intake_pauses_and_resumes_once_the_newest_messages_are_valid(self, settings: Settings) -> None:
        sent: list[InferenceBatch] = []
        with running_trigger(settings, sent):
            send(settings, [b"{broken"] * self.GARBAGE, keys=[b"A", b"B", b"C"])
            self.paused(settings)
            send(settings, [telemetry(number) for number in range(PROBE_RECORDS + 10)])
            wait_until(lambda: dead(settings) == self.GARBAGE, "all garbage is a dead letter", WITHIN_S)
            wait_until(
                lambda: sum(len(batch.jobs) for batch in sent) >= PROBE_RECORDS + 10,
                "all is judged",
                WITHIN_S,
            )
            end = end_offset(settings)
            wait_until(lambda: committed_offset(settings, GROUP) == end, "all is committed", WITHIN_S)
        assert INTAKE_PAUSED._value.get() == 0
        assert {letter.reason for letter in letters(settings)} == {"not_json"}
        assert {letter.place for letter in letters(settings)} == {settings.kafka_topic}

    def test_operator_lets_all_pass_that_waits(self, settings: Settings) -> None:
        with running_trigger(settings, []) as breaker:
            send(settings, [b"{broken"] * self.GARBAGE, keys=[b"A", b"B", b"C"])
            self.paused(settings)
            breaker.admit_all()
            wait_until(lambda: dead(settings) == self.GARBAGE, "all garbage is a dead letter", WITHIN_S)
        assert INTAKE_PAUSED._value.get() == 0


def command(module: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Run a command as an operator types it, in this environment."""
    for key in (
        "kafka_bootstrap_servers", "kafka_topic", "kafka_dead_letter_topic", "celery_broker_url",
        "postgres_host", "postgres_port", "postgres_user", "postgres_password", "postgres_db",
        "victoria_metrics_url",
    ):  # fmt: skip
        monkeypatch.setenv(key.upper(), str(getattr(settings, key)))
    monkeypatch.setattr("sys.argv", ["command", *arguments])
    module.main()


class TestDeadLetters:
    """RabbitMQ is away meanwhile: the letters of Kafka are handled all the same."""

    @pytest.fixture
    def act(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Any:
        sent: list[InferenceBatch] = []
        with running_trigger(settings, sent):
            send(settings, [b"{broken", telemetry(900), telemetry(0)], keys=[b"K"])
            wait_until(lambda: dead(settings) == 2, "both are dead letters", WITHIN_S)

        def run(*arguments: str) -> str:
            capsys.readouterr()
            command(operation_server.dead_letters.__main__, settings, monkeypatch, *arguments)
            return capsys.readouterr().out

        return run

    def test_list_names_reasons_and_a_dry_run_changes_nothing(self, act: Any, settings: Settings) -> None:
        listed = act("list")
        assert "       1  kafka  not_json" in listed
        assert "       1  kafka  time_ahead" in listed
        end = end_offset(settings)
        for action in ("redrive", "discard"):
            told = act(action, "--all", "--reason", "time_ahead")
            assert f"Would {action} 1 letters" in told
            assert "Nothing was changed" in told
        assert end_offset(settings) == end
        assert "time_ahead" in act("list")

    def test_redriven_letter_goes_back_with_its_key_and_a_discarded_one_is_gone(
        self, act: Any, settings: Settings
    ) -> None:
        end = end_offset(settings)
        assert "Redrove 1 letters" in act("redrive", "--all", "--reason", "time_ahead", "--yes")
        (records, ends) = read_newest(settings, count=1)
        assert (records[0].key, ends) == (b"K", {0: end + 1})
        assert json.loads(records[0].value or b"")["satellite_id"] == "SAT-001"
        assert "Discarded 1 letters" in act("discard", "--all", "--yes")
        assert end_offset(settings) == end + 1
        assert "kafka  not_json" not in act("list")
        assert "discarded" in act("list", "--all-states")


@pytest.fixture
def received(settings: Settings) -> SimpleNamespace:
    """Ten messages that Kafka keeps, and when it took them."""
    first = datetime.now(UTC)
    time.sleep(0.01)
    send(settings, [telemetry(number) for number in range(10)])
    last = datetime.now(UTC)
    later = last + timedelta(seconds=1)
    return SimpleNamespace(first=first.isoformat(), last=last.isoformat(), later=later.isoformat())


def test_reconcile_sends_what_has_no_row_and_a_dry_run_sends_nothing(
    received: SimpleNamespace, settings: Settings, pool: Pool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    sent: list[str] = []

    def publish(batch: InferenceBatch, task_id: str) -> None:
        assert task_id
        sent.extend(windowed.job.job_id for windowed in batch.jobs)

    monkeypatch.setattr(kafka_inference_trigger.reconcile, "batch_publisher", lambda _app: publish)

    def run(*options: str) -> str:
        module = kafka_inference_trigger.reconcile
        command(module, settings, monkeypatch, received.first, received.last, *options)
        return capsys.readouterr().out

    assert run("--dry-run") == "SAT-001: 10 subsystem inferences had no row and would be sent\n"
    assert sent == []
    assert run("--satellite", "SAT-002") == "Nothing is missing\n"
    assert run() == "SAT-001: 10 subsystem inferences had no row and were sent\n"
    assert len(set(sent)) == 10
    with transaction(pool) as connection:
        judged = sent[:9]
        save_inferences(
            connection,
            [job(name, total_subsystems=1) for name in judged],
            [inference(name) for name in judged],
        )
    assert run("--dry-run") == "SAT-001: 1 subsystem inferences had no row and would be sent\n"


def test_refill_brings_back_what_victoria_metrics_lost_and_repeats_without_harm(
    received: SimpleNamespace, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with running_victoria_server(tmp_path) as url:
        filled = settings.model_copy(update={"victoria_metrics_url": url})
        for _ in range(2):
            command(telemetry_writer.refill, filled, monkeypatch, received.first, received.last)
            assert "Imported the samples of 10 messages again\n" in capsys.readouterr().out
            assert stored(url) == 10
        command(telemetry_writer.refill, filled, monkeypatch, received.later, received.later)
        assert "Imported the samples of 0 messages again\n" in capsys.readouterr().out


def stored(url: str) -> int:
    """Count the kept samples of one channel."""
    requests.get(f"{url}/internal/force_flush", timeout=20).raise_for_status()
    series = {"match[]": '{__name__=~"satellite_battery_voltage"}'}
    answer = requests.get(f"{url}/api/v1/export", params=series, timeout=20)
    return sum(len(json.loads(line)["values"]) for line in answer.text.splitlines())
