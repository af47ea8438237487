"""What an operator deletes from the brokers by mistake comes back by itself."""

from typing import Final

import pytest
from confluent_kafka.admin import AdminClient
from kombu import Queue

from telemetry_core.rabbitmq import celery_app, definitions
from telemetry_core.service.settings import Settings
from testbed.supervised import wait_until

SETTINGS: Final = Settings()
APP: Final = celery_app("test", SETTINGS)
LIMIT_S: Final = 60
TOPIC: Final = SETTINGS.kafka_dead_letter_topic


@pytest.mark.usefixtures("platform")
def test_deleted_queue_of_dead_letters_is_declared_again_with_its_binding() -> None:
    ask, _ = definitions(APP, timeout_s=10)
    with APP.connection_for_write() as connection, connection.channel() as channel:
        Queue("dead-letters", channel=channel).delete()
    wait_until(
        lambda: (
            "dead-letters" in {queue["name"] for queue in ask()["queues"]}
            and "dead-letters" in {binding["destination"] for binding in ask()["bindings"]}
        ),
        "the queue is declared again and bound",
        within_s=LIMIT_S,
        every_s=1,
    )


@pytest.mark.usefixtures("platform")
def test_deleted_topic_is_created_again() -> None:
    admin = AdminClient({"bootstrap.servers": SETTINGS.kafka_bootstrap_servers})
    admin.delete_topics([TOPIC])[TOPIC].result(30)
    wait_until(
        lambda: TOPIC in admin.list_topics(timeout=10).topics,
        "the topic is created again",
        within_s=LIMIT_S,
        every_s=1,
    )
