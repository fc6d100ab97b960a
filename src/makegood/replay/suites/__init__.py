"""Evaluation suites: what Makegood's decisions are held against, each a package of its own.

A suite's package has a module `suite` with a constant `SUITE`; `makegood eval run NAME` looks it
up there. `base` says what a suite takes and gives, `parallel` spreads its seeds or days over
processes.
"""
