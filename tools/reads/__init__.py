"""Read tools: no side effects, and never a credential that could have any."""
