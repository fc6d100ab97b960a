"""Carrying out granted actions in the outside world, each once."""
