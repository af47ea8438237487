"""Physical simulator of a satellite constellation; `constellation.simulate` yields its messages."""
