"""Rule sets: GoRules decision models as files, versioned, and what they say of an application."""
