"""Whether this server is alive, and whether the servers behind it answer."""
