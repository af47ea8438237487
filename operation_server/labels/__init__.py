"""What operators said of alarms, as labels of telemetry."""
