"""Alarms as pure state machines: when one begins and ends, and what operators may do with it."""
