"""A loan that runs: money in, interest and penalty, the passing of days."""
