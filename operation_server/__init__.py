"""The API and its live lines: one folder a feature; `http` is what they share, `app` puts them together."""
