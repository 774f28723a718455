"""Why a call failed, for people: what happened, who refused, and what can be done about it."""
