"""Where discounts live: one protocol, console by default."""
