"""The rules: what can be wrong with a query, or with the code around it."""
