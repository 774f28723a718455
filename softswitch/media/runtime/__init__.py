"""What of the media plane touches the world: sockets, processes, threads, files."""
