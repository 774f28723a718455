"""What outlives the switch: an LMDB environment written by one thread of the switch and read by any process."""
