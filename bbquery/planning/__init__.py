"""A tree to requests: what the service can be asked, and the cheapest requests that find every match."""
