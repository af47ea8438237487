"""Whether this server lives, and whether those behind it answer."""
