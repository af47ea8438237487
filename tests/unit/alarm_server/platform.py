"""A service over a store in memory, with a clock and a Kafka that tests move."""

from alarm_server.service import AlarmServer
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.consumer_group import PartitionState
from telemetry_core.kafka.records import Record
from tests.unit.alarm_server.memory_store import POOL, MemoryStore
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US


class Platform:
    """A service, its store, the clock and Kafka."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.now_s = 0.0
        self.partitions = {0: PartitionState(low=0, end=1, committed=1)}
        self.is_kafka_away = False
        self.server = self.started()

    def started(self) -> AlarmServer:
        server = AlarmServer(
            MISSION,
            POOL,
            partitions=self._ask,
            max_satellites=50,
            clock=lambda: NOW_US / SECOND_US + self.now_s,
        )
        server.begin([])
        return server

    def _ask(self) -> dict[int, PartitionState]:
        if self.is_kafka_away:
            raise DependencyUnavailable("kafka", "away")
        return self.partitions

    def hear(self, *records: Record) -> None:
        self.server.act(self.server.plan(records))

    def wait(self, seconds: float) -> None:
        """Let rounds pass, two a second."""
        for _ in range(round(2 * seconds)):
            self.now_s += 0.5
            self.server.round()
