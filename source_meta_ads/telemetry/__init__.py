"""What a run says of itself: counters, log context, and nothing secret."""
