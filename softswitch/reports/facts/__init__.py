"""What reports count: rows of numbers, made once of stored events and call records."""
