"""Fees, penalties and credits that somebody makes."""
