"""Find queries in JavaScript and TypeScript."""
