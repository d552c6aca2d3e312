"""Dagster IO managers: how assets are loaded and stored."""
