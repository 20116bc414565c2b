"""Secrets that live elsewhere: references to them in the configuration, and where they lead."""
