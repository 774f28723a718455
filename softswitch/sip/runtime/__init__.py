"""What of SIP touches the world: sockets, the event loop, the measured lag."""
