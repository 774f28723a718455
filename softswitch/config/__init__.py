"""The configuration directory: TOML files in, one frozen tree out, every fault at once."""

from softswitch.config.configuration import Configuration
from softswitch.config.display import differences, effective
from softswitch.config.initialise import init
from softswitch.config.load import load, load_settings, load_users, load_webhooks

__all__ = ["Configuration", "differences", "effective", "init", "load", "load_settings", "load_users", "load_webhooks"]
