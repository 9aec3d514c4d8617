"""Alembic migrations: how the schema came to be."""
