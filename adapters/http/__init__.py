"""The HTTP gateway: channels send commands, single or in batches, and look at their accounts."""
