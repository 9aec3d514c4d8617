"""PostgreSQL, Redis and files: claims, bulk loads, projections. One vendor, one door."""
