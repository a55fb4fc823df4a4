"""The databases every test here runs on."""

from tests.storage.databases import database_url, db, postgres

__all__ = ["database_url", "db", "postgres"]
