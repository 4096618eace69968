"""Measure how fast bbquery is: against named peers, in one run, as ratios. README.md says how to read it."""
