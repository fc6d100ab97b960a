"""Everything outside, simulated: the demo, recorded days, and what came of them."""
