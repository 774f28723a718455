"""The configuration directory: TOML files in, one frozen tree out, every fault at once."""

from softswitch.config.configuration import Configuration

__all__ = ["Configuration"]
