"""What is measured of windows and recordings, and what settings and counters change in it."""
