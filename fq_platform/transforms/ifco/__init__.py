"""The transforms of the IFCO application, one module a table."""
