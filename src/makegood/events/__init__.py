"""Events: what they look like, how they are taken in, and the log that keeps them."""
