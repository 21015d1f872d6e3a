"""The encryption of secrets, and its keys."""
