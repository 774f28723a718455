"""What of call records needs a connection."""
