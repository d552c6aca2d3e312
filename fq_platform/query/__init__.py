"""Read-only SQL over the lakehouse: one interface, several engines. Never imports Dagster."""
