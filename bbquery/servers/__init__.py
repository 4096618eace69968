"""Shared parts of the local servers: an application on a socket of this machine, and who may ask it."""
