"""Flows: what happens to a call. Number routes, opening hours, and the verbs a flow is written with."""
