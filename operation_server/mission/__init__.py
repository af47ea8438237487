"""The mission that this server watches."""
