"""From windows to scores, constants and alerts: arrays in, arrays out, nothing read or written."""
