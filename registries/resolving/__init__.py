"""Explains which row is used for an image, and finds rows that answer for the same images."""
