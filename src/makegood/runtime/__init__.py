"""Where the stages are put together and kept going."""
