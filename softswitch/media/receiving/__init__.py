"""What a party sends, on its way to the tick: whose it is, its place in time, what stands in for what was lost."""
