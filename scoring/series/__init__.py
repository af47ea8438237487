"""A series judged against itself: for channels of which nothing is known but the window."""
