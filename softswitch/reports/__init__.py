"""Reports: pure functions over the facts of calls and of the ACD's events, tables out; beside them their formats."""
