"""Find out which facts about the service hold for an account: ask it, and compare (docs/doctor.md)."""
