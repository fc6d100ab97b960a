"""Makegood: an autonomous order-agent runtime that puts broken promises right."""

__version__ = "0.1.0"
