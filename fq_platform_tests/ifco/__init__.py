"""The IFCO application from its files to its analyses."""
