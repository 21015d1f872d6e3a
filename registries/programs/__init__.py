"""Programs for other machines: they ask the site for credentials, and need Python alone."""
