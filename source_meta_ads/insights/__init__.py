"""Insights reports: what they are, which days they ask for, and the asynchronous jobs that answer them."""
