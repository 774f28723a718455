"""Codecs in the tick: tables for those of one byte per sample, a coder each for all others; sample rates."""
