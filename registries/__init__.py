"""Container registries for Django: configured once, checked for real, used everywhere."""
