"""Alerts: what is told to whom, once, and how it gets there. A library: never imports Dagster."""
