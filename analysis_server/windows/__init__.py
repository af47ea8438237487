"""From the arguments of a task to windows; a task that can't be read is refused."""
