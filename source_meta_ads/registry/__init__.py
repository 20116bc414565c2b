"""What runs remember between them without a platform: states, leases and schemas, as versions only ever added."""
