"""The product catalogue: what a lender offers, read from documents, checked, and found by name and date."""
