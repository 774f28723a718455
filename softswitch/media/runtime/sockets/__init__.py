"""The sockets of the streams."""
