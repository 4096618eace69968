"""The meaning of a tree: which sessions match it, what its predicates imply, and shorter equivalents."""
