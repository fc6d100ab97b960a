"""Effect adapters, one for each outside system; only the executor is given their credentials."""
