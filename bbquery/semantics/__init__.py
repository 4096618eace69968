"""What a tree means: which sessions match it, what one predicate says of another, and shorter equivalents."""
