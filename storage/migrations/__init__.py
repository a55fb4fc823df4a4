"""Alembic scripts, run by `storage.migrate` on our own engine; the same script for SQLite and PostgreSQL."""

HEAD = "0008"  # the newest script: a database that names it needs nothing (a test compares)
