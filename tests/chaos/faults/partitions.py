"""More partitions of the telemetry's topic, as the operator's manual adds them under load."""

from typing import Final

from confluent_kafka.admin import AdminClient, NewPartitions

from testbed.ledger import TOPIC
from testbed.supervised import address

PARTITIONS: Final = 4
ANSWER_S: Final = 20.0


def add_partitions() -> None:
    """Let the topic have `PARTITIONS`; its satellites move to others, and it cannot be undone."""
    client = AdminClient({"bootstrap.servers": address("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")})
    known = client.list_topics(TOPIC, timeout=ANSWER_S).topics[TOPIC].partitions
    if len(known) < PARTITIONS:
        client.create_partitions([NewPartitions(TOPIC, PARTITIONS)])[TOPIC].result(ANSWER_S)
