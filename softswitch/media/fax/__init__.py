"""T.38 that is passed on: UDPTL from one fax machine to the other, outside the ticks."""
