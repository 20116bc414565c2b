"""The Graph API and nothing else: sending, authenticating, classifying, throttling and paging."""
