"""How old the tables that people read may become.

Belongs here: the policies by layer. Does not: telling anybody that one is violated.
"""

import datetime as dt

import dagster as dg

from fq_platform.lakehouse.layout import Layer


def freshness_policy(layer: Layer) -> dg.FreshnessPolicy | None:
    """The policy of a layer's tables.

    Args:
        layer: The namespace.

    Returns:
        For analytics tables: a warning 26 hours after the last materialisation (the daily run is two hours late), a
        failure after 36. None for the other layers, which nobody reads for their freshness.
    """
    if layer is not Layer.ANALYTICS:
        return None
    return dg.FreshnessPolicy.time_window(
        warn_window=dt.timedelta(hours=26),
        fail_window=dt.timedelta(hours=36),
    )
