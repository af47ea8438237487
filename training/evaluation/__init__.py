"""How good a forecast is, what it is compared with, and the reports."""
