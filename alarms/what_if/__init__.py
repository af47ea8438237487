"""What limits would have raised over stored telemetry: pure but for the telemetry, which callers give."""
