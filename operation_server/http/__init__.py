"""What features share: parameters, answers, problems, limits, keys, live lines."""
