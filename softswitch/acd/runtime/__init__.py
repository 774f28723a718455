"""The router in the running switch: its timer, its outputs' way out, its agents' states on disk."""
