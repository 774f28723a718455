"""Bills as files. Calls are written one by one, so that a month of a million takes no more memory than one of ten."""
