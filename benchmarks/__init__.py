"""What the performance claims stand on: `make bench NAME=ingest`. Each ends with one line of JSON."""
