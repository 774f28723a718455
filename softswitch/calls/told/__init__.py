"""What happens in the switch, as programs outside are told of it."""
