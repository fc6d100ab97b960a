"""What an agent is handed, what it hands back, and whether that makes sense."""
