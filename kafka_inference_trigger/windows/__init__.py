"""The newest samples of each satellite, and windows cut from them."""
