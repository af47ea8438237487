"""Searching verdicts in the search engine."""
