"""Orbit, attitude, power, temperatures, ground contact, and what the sensors make of them."""
