"""The part of the rolling planner that is compiled: functions of numbers and arrays only."""
