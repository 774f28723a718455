"""What every layer may use: identifiers, clock, entropy, deadlines, addresses, errors, logging."""
