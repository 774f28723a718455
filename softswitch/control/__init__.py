"""How people and programs command the running switch: one Unix socket, one set of typed requests and replies."""
