"""The web process: its sockets, files and event loop."""
