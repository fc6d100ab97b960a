"""Mutants of invariant 13 for vehicles: limits that planner, gate and spend each look at."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

GATE: Final = "tests/gates/test_vehicle_limits.py::test_"
PLAN: Final = "tests/planning/test_limits.py::test_"
JOINT: Final = (f"{PLAN}no_joint_plan_sends_a_drone_past_its_limits_either",)
SUPPLY: Final = "tests/incidents/test_detectors.py::test_a_drone_is_no_supply"
SENT: Final = f"{GATE}a_drone_is_not_sent_"

OF_LIMITS: Final = (
    Mutant(
        13,
        "the planner sends drones into any weather",
        "planning/limits.py",
        "if grounded(limits, vehicle, conditions.sky):",
        "if False:",
        (f"{PLAN}no_plan_sends_a_drone_past_rain_or_wind_or_into_the_unknown",),
    ),
    Mutant(
        13,
        "the planner sends drones to any place",
        "planning/limits.py",
        "not out_of_range(limits, vehicle, order, conditions.home) for order in scene.orders",
        "True for _ in scene.orders",
        (
            f"{PLAN}no_plan_sends_a_drone_past_its_range",
            f"{PLAN}no_plan_sends_a_drone_to_where_it_has_no_dock",
        ),
    ),
    Mutant(
        13,
        "an assignment loads a drone with what the fleet reports",
        "planning/assignment.py",
        "max(0, room_of(load.courier, limits.get(load.courier.vehicle)) - load.load)",
        "max(0, load.courier.capacity - load.load)",
        (f"{PLAN}no_plan_loads_a_drone_past_its_payload_whatever_the_fleet_reports",),
    ),
    Mutant(
        13,
        "a joint plan does not ask who may go where",
        "planning/joint/problem.py",
        "safe = allowed(scene).astype(np.int64)",
        "safe = np.ones_like(allowed(scene), dtype=np.int64)",
        JOINT,
    ),
    Mutant(
        13,
        "a joint plan loads a drone with what the fleet reports",
        "planning/joint/problem.py",
        "return room_of(courier, limits) - load.reserved",
        "return courier.capacity - load.reserved",
        JOINT,
    ),
    Mutant(
        13,
        "the gate does not look at a vehicle's limits",
        "gates/safety.py",
        "found[index] = Unsafe(VEHICLE, why) if why else SAFE",
        "found[index] = SAFE",
        (f"{SENT}into_rain_or_wind_past_its_limits_or_into_unknown_wind",),
    ),
    Mutant(
        13,
        "the gate does not look at range and dock",
        "gates/safety.py",
        "if not why and parcel is not None:",
        "if False:",
        (
            f"{SENT}past_its_range_or_nobody_knows_where",
            f"{SENT}to_where_it_has_no_dock",
        ),
    ),
    Mutant(
        13,
        "the gate loads a drone with what the fleet reports",
        "gates/safety.py",
        "room = room_of(courier, limits.get(courier.vehicle))",
        "room = courier.capacity",
        (f"{GATE}a_drone_carries_no_more_than_its_payload_whatever_the_fleet_reports",),
    ),
    Mutant(
        13,
        "a vehicle's limits are not looked at again at the spend",
        "gates/grant_checks.py",
        "unsafe = safety.unsafe(tx, going, policies.detection, now_us, ignoring)",
        "unsafe = [safety.SAFE] * len(going)",
        (
            f"{GATE}the_wind_that_rose_since_is_looked_at_again_at_the_spend",
            f"{GATE}weather_that_turned_stale_since_is_looked_at_again_at_the_spend",
        ),
    ),
    Mutant(
        13,
        "a vehicle is sent into weather that nobody knows",
        "domain/limits.py",
        "        if value is None:\n            return f",
        "        if value is None:\n            continue\n            return f",
        (
            f"{SENT}where_nobody_ever_heard_of_the_weather",
            f"{PLAN}no_plan_sends_a_drone_past_rain_or_wind_or_into_the_unknown",
        ),
    ),
    Mutant(
        13,
        "weather is believed however old it is",
        "domain/limits.py",
        "now_us - hub.rain_seen_us > stale_us",
        "False",
        (f"{SENT}on_weather_that_is_too_old",),
    ),
    Mutant(
        13,
        "a vehicle needs to get there, and not back",
        "domain/limits.py",
        "if 2 * distance_m(start, order.drop_off) > limits.range_m:",
        "if distance_m(start, order.drop_off) > limits.range_m:",
        (
            f"{SENT}past_its_range_or_nobody_knows_where",
            f"{PLAN}no_plan_sends_a_drone_past_its_range",
        ),
    ),
    Mutant(
        13,
        "drones that rain may ground count as a hub's supply",
        "incidents/detectors/capacity.py",
        "if courier.vehicle not in limited)",
        "if courier)",
        (f"{SUPPLY}_and_does_not_speak_for_riders_who_are_silent",),
    ),
)
