"""What on this machine may keep the switch from working well, and what to do about it."""
