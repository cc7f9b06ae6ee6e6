"""What makes the rest of a running loan another."""
