"""The HTTP edge: the API under `/v1` and the console."""
