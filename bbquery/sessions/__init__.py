"""What the service sends: records, how they are decoded, and the lists that the client returns."""
