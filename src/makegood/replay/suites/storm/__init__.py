"""The storm: one cloudburst over a dinner rush, dispatched by nobody, people, Makegood and fate."""
