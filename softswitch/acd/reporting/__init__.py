"""Figures, logs and explanations, computed from the ACD's events alone: pure folds over `acd.events.Stamped`."""
