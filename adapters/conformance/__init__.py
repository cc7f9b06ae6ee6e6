"""Published figures of other systems, run through the engine."""
