"""Programs for other machines. They fetch credentials from the site, and need only Python."""
