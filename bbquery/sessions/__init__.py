"""Sessions of the service: records, their decoding, and the lists that the client returns."""
