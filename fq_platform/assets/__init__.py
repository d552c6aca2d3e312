"""Dagster assets, thin: each calls a library or a pure transform."""
