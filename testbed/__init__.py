"""The running platform, its servers and its telemetry as tests and benchmarks drive them."""
