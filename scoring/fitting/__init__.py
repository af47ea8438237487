"""Constants from nominal windows, simulated or stored, and whether they hold."""
