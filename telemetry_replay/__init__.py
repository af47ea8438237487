"""Recordings in CSV and Parquet: read, and sent as telemetry at the pace that is asked for."""
