"""Reports of suites: one HTML file that needs nothing else, and the charts in it."""
