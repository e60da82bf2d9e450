"""Rules that a JSON Schema cannot say, one module a subject."""
