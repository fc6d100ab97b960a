"""The parts of joint planning that numba compiles: how couriers ride, and the search."""
