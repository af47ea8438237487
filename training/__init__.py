"""Recipes of the served models: data, training, export, calibration, evaluation."""
