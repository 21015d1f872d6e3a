"""Runs checks: several rows in parallel, each row only once at a time, and limited per person."""
