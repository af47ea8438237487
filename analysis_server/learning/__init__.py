"""What a turn of learning reads and writes: subsystems that are due, stored telemetry, what was learned."""
