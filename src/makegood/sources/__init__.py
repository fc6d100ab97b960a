"""Importers: each turns something from outside into CloudEvents."""
