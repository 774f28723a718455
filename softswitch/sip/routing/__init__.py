"""Which way a request goes, and what we call ourselves on that way."""
