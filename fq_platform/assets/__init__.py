"""Dagster assets, thin: each calls a library or a pure transform."""

import warnings

import dagster as dg

# Backfill policies are marked beta in this release: a warning an asset would bury the log of whoever loads them.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
