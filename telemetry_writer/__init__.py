"""Telemetry from Kafka into the series of VictoriaMetrics."""
