"""When there is too much to do: how many new calls are let in, and how the others are told."""
