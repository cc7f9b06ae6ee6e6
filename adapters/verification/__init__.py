"""The proof of the books: every stored number derived again from the events."""
