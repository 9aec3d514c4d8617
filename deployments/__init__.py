"""Where it runs: programs, mappings, the demo. Imported by nobody."""
