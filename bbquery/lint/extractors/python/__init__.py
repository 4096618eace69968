"""Find queries in Python."""
