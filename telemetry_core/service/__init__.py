"""What a process needs to run as a service: settings, logs and metrics, liveness, access, disk space."""
