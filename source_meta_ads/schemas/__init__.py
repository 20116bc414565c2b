"""What Meta's objects look like: their fields, as JSON Schema, and rows made to fit it."""
