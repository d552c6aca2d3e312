"""The lakehouse as a library: catalog, layout and the changelog's writer. Never imports Dagster."""
