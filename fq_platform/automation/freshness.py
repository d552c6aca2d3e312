"""How old tables may become: a policy for each layer, given to all assets in one place.

Belongs here: the policies. Does not: telling anybody that one is violated (`alerting/`), or whether the partition that
should exist by now exists (`expected_partitions.py`): Dagster's policies look at the last materialisation only.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import dagster as dg

from fq_platform.assets.maintenance import GROUP
from fq_platform.lakehouse.layout import Layer

_HOURS = dt.timedelta(hours=1)
_DAYS = dt.timedelta(days=1)


def _policy(warn: dt.timedelta, fail: dt.timedelta) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(warn_window=warn, fail_window=fail)


# The daily refresh makes every table: 26 hours are a refresh two hours late, also in the night that has 25.
_BUILT_ON = _policy(26 * _HOURS, 48 * _HOURS)
POLICIES: Mapping[str, dg.FreshnessPolicy] = {
    Layer.RAW.value: _BUILT_ON,
    Layer.CURATED.value: _BUILT_ON,
    Layer.SHARED.value: _BUILT_ON,
    # People read these in the morning: one refresh that failed is a failure before the next is due.
    Layer.ANALYTICS.value: _policy(26 * _HOURS, 36 * _HOURS),
    # Upkeep is weekly, and one Sunday without it harms nobody.
    GROUP: _policy(8 * _DAYS, 15 * _DAYS),
}
"""Group of an asset, which is the layer of its table, to how old it may become before a warning and a failure."""


def with_freshness(
    assets: Sequence[dg.AssetsDefinition | dg.AssetSpec],
) -> Sequence[dg.AssetsDefinition | dg.AssetSpec]:
    """Give each asset the policy of its group.

    Args:
        assets: Any assets. Those that nothing here materialises, and those of other groups, have no policy.

    Returns:
        The same assets; a policy that one declares by itself stays.
    """
    return dg.map_asset_specs(_given, assets)


def _given(spec: dg.AssetSpec) -> dg.AssetSpec:
    policy = POLICIES.get(spec.group_name or "")
    if policy is None or spec.freshness_policy is not None:
        return spec
    return spec.replace_attributes(freshness_policy=policy)
