"""The whole program in a seeded world of its own: see README.md."""
