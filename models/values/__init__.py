"""Values without tables: what rules and edges share. Importing this loads no table."""
