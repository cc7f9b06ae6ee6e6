"""Money out through banks: orders, the way to a bank and its notices, a bank on this machine, reconciliation."""
