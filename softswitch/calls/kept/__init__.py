"""What is kept of calls so that they outlive the switch process (docs/decisions/0021-calls-outlive-the-switch.md)."""
