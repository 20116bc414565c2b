"""The Airbyte streams: one for each kind of ad object and one for each insights report."""
