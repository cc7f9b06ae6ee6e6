"""The operator's terminal: tables, options, and a client of the HTTP API."""
