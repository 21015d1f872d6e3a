"""Which row an image is read with, why, and which other rows claim the same images."""
