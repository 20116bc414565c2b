"""The connector without a platform: what runs it on a schedule, and the one core that all of them share."""
