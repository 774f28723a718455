"""Feeds with sockets: the worker's end, and the streamer process."""
