"""A package that brings a kind of registry of its own."""
