"""What is trained, calibrated and judged on: simulated, synthetic and recorded series, and their windows."""
