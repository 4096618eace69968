"""Files on disk: find them, read them, replace them."""
