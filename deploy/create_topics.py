"""Creates missing topics of the platform and applies their guaranteed settings."""

import sys

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import ValidationError

from telemetry_core.kafka.topics import create_topics, topics_of
from telemetry_core.service.settings import Settings


def main() -> None:
    """Do it, or end with a sentence."""
    try:
        settings = Settings()
        admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
        create_topics(admin, topics_of(settings), settings)
    except (KafkaException, ValidationError) as error:
        sys.exit(f"topics: {error}")


if __name__ == "__main__":
    main()
