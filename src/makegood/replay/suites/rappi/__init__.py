"""The suite `rappi`: whole recorded days of a delivery platform, with its own promises.

`days` reads them, `rules` says what counts, `fleet` carries decisions out, `greedy` and `planner`
decide, `bounds` says what nobody could beat, and `suite` puts it together.
"""
