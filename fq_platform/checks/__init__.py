"""Audits and asset checks: generated from the tables' contracts, and hand-written business rules."""

from collections.abc import Sequence

import dagster as dg

from fq_platform.checks.audits import Audit
from fq_platform.checks.business_rules import business_audits, business_checks
from fq_platform.checks.generated import contract_audits, contract_checks
from fq_platform.checks.ifco import ifco_checks
from fq_platform.contracts import ACCOUNTING, IFCO, Contract
from fq_platform.contracts.ifco.curated import APP as IFCO_APP


def build_checks(app: str) -> list[dg.AssetChecksDefinition]:
    """Every asset check that looks at tables of the sources file's application as they are published.

    Args:
        app: The application of the sources file, which prefixes the tables of the raw and curated layers.

    Returns:
        The definitions; they need the resource `spark`.
    """
    return [*contract_checks(ACCOUNTING.values(), app), *business_checks(app)]


def build_ifco_checks() -> list[dg.AssetChecksDefinition]:
    """Every asset check that looks at the published tables of the IFCO application.

    Returns:
        The definitions; they need the resource `spark`.
    """
    return [*contract_checks(IFCO.values(), IFCO_APP), *ifco_checks()]


def audits_of(contract: Contract) -> Sequence[Audit]:
    """Every rule that a table must keep before it is published: the blocking checks, which belong to its asset.

    Args:
        contract: The table.

    Returns:
        The audits; none for a table that others do not build on.
    """
    return [*contract_audits(contract), *business_audits(contract.name)]
