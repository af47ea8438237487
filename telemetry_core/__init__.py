"""What the services agree on: messages, missions, tasks, rows, settings, and a client for each server."""
