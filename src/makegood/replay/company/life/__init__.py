"""A small city that lives: orders, couriers and a storm, all drawn from one seed."""
