"""Rows as files: one writer for each format, which never holds more than a few thousand rows."""
