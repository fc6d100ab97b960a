"""Agents of this workspace: graphs that observe, plan, explain and propose; they never act."""
