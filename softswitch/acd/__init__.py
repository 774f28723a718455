"""Who talks to whom: contacts wait in queues, agents become free, and a router brings them together at once."""
