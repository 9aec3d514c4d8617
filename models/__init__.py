"""What is stored: SQLModel tables, one noun a file; `values` holds what the rules may see."""
