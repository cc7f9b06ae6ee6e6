"""Postgres, Redis and Ray as children of this process, for machines that have none."""
