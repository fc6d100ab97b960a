"""One plan for all open deliveries of a hub together: who carries what, ridden out in full."""
