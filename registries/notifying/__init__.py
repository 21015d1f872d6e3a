"""Delivers what is in the outbox."""
