"""Calls as traces of OpenTelemetry: what took how long, beside the traces of the programs that a call has asked."""
