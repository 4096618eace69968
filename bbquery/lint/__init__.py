"""The linter: findings on queries, alone or where they stand in source files."""
