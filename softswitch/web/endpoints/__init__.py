"""What can be asked over HTTP: a function for each route, in files by subject."""
