"""Broken and endangered promises: how they are found, and how they open and close."""
