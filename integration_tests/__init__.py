"""Tests over real HTTP, against the project's own Graph API sandbox."""
