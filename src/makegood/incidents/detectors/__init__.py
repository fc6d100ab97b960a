"""One module for each kind of trouble; each detector is a pure function of a hub as it stands."""
