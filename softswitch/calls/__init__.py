"""The only place where SIP, media and the ACD meet: calls, their legs, and what happens to them."""
