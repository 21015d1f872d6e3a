"""How checks are run: side by side, one at a time for each row, for whom and how often."""
