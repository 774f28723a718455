"""Test doubles and scripted parties, for the switch's own tests, for the demo, and for authors of dialplans."""
