"""One use case per function: read, decide by a rule, write, return a small result."""
