"""The control socket: its server in the switch, its client in the command line."""
