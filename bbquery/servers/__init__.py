"""What the local servers share: an application on a socket of this machine, and who may ask it."""
