"""The schedule of a loan: exact arithmetic of dates, days and interest."""
