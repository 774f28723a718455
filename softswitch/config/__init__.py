"""The configuration directory: TOML files in, one frozen tree out, every fault at once."""

from softswitch.config.configuration import Configuration
from softswitch.config.load import load, load_settings

__all__ = ["Configuration", "load", "load_settings"]
