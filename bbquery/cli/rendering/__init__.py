"""Results as text: JSON for programs, tables for people."""
