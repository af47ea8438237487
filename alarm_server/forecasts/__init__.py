"""Limits that telemetry is about to break."""
