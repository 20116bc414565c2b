"""A Graph API server on a real socket, with a deterministic world behind it; it imports nothing of the connector."""
