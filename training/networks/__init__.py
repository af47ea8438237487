"""The networks behind the served models, what they are trained for, and their files."""
