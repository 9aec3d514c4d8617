"""Fetching: a file on this machine's disk for as long as it is read, wherever it lies."""

from laurels.stores.files.places import Progress, fetched

__all__ = ["Progress", "fetched"]
