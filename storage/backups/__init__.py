"""A copy of the whole database while it is in use, and the way back: see README.md."""
