"""One module for each site: what it changes of `base`."""
