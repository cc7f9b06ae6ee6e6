"""Borrowers' personal data: sealed where it is stored, masked where it is shown."""
