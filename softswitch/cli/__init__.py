"""The command line. Commands are imported when they are called, so that `softswitch status` answers at once."""
