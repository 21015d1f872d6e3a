"""Strict stand-ins for registries and clouds, over real loopback sockets."""
