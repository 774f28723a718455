"""Links to telephone providers: registering, whether they are alive, how much they carry, whose turn it is."""
