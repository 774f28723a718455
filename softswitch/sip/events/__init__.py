"""Who wants to know how somebody is (RFC 6665), and what they are told."""
