"""Commands, family by family."""
