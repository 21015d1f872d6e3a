"""The clients that are compared; each module loads what its client needs and no more."""
