"""A provider of backends that break one promise each, to be caught by the suites."""
