"""The targets that messages are sent to, each kind with its own form."""
