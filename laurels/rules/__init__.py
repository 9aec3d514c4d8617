"""Pure decisions: clock, randomness and policy come as arguments; nothing here reads a database or a setting."""
