"""What strangers may ask of us."""
