"""What a loan costs: rates to disclose, legal caps, tax."""
