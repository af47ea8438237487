"""Kafka: the at-least-once consumer, reading before it, the producer, the topics."""
