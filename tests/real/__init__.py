"""Tests against real registries: Debian's docker-registry on loopback."""
