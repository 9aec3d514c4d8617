"""How members are told: one protocol, console by default."""
