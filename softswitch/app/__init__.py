"""The composition root: builds the processes of the switch from a configuration, starts and stops them in order."""
