"""The databases every test here runs on that asks for `db`."""

from tests.storage.databases import database_url, db

__all__ = ["database_url", "db"]
