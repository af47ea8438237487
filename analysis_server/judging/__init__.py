"""From windows to rows: the model's forecast, the constants that cover them, the verdict."""
