"""What an operator does with a recording: scan it, preview a changed mission with it, calibrate on it."""
