"""A changed limit tried on stored telemetry before it is saved."""
