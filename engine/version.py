"""Which rules this engine plays by."""

RULES = 1
"""Goes up with every change after which a market that has run could replay to another result or fingerprint."""
