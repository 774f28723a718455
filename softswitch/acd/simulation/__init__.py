"""The same router in virtual time, and what queueing theory says it must do."""
