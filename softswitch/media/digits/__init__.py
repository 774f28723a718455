"""Digits: received and sent as events, found in the sound and made as sound."""
