"""Contract texts, their PDF, signatures under them, and receipts that prove them."""
