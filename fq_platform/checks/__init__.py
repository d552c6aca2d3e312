"""Asset checks: generated from the tables' contracts, and hand-written business rules."""

import dagster as dg

from fq_platform.checks.business_rules import business_checks
from fq_platform.checks.generated import contract_checks


def build_checks(app: str) -> list[dg.AssetChecksDefinition]:
    """Every asset check.

    Args:
        app: The application of the sources file, which prefixes the tables of the raw and curated layers.

    Returns:
        The definitions; they need the resource `spark`.
    """
    return [*contract_checks(app), *business_checks(app)]
