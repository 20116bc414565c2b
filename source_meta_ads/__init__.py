"""Meta (Facebook) Ads as an Airbyte source: ad objects and insights reports, incrementally and exactly."""
