"""What the services agree on, without a client of any server: messages, missions, tasks, verdicts, errors."""
