"""The dashboard: what the analyses and the accounting marts say, in a browser. Reads through `query/` only."""
