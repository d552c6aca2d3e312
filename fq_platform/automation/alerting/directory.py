"""What alerts say of assets, runs and sensors beside what happened: owners, layers, and links into the UI.

Belongs here: looking these up in the definitions. Does not: which alerts there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

import dagster as dg

from fq_platform.alerts.sinks import AUTOMATION

if TYPE_CHECKING:
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph


class Concerned(TypedDict):
    """Whom an alert concerns, as parameters of `Alert`."""

    owners: tuple[str, ...]
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Directory:
    """The definitions of a code location as alerts need them.

    Args:
        graph: Its assets and checks.
        repository: The repository's name.
        location: The code location's name; None if it is not known.
        ui: Where the UI is, without a slash at its end; empty if nobody said.
    """

    graph: "AssetGraph"
    repository: str
    location: str | None
    ui: str

    @classmethod
    def of(cls, context: dg.SensorEvaluationContext, ui: str | None) -> "Directory":
        """That of the code location that a sensor belongs to."""
        if context.repository_def is None:
            raise RuntimeError("the sensor is evaluated without its code location")
        origin = context.code_location_origin
        return cls(
            context.repository_def.asset_graph,
            context.repository_def.name,
            origin.location_name if origin else None,
            (ui or "").rstrip("/"),
        )

    def concerned(self, keys: Iterable[dg.AssetKey]) -> Concerned:
        """The owners and layers of some assets; those that the definitions no longer have are left out."""
        nodes = [self.graph.get(key) for key in keys if self.graph.has(key)]
        return {
            "owners": tuple(sorted({owner for node in nodes for owner in node.owners or ()})),
            "layers": tuple(sorted({node.key.path[0] for node in nodes})),
        }

    def automation(self) -> Concerned:
        """Whom alerts about schedules and sensors concern."""
        return {"owners": (), "layers": (AUTOMATION,)}

    def run(self, run_id: str) -> str:
        """The link to a run."""
        return self._link(f"/runs/{run_id}")

    def asset(self, key: dg.AssetKey) -> str:
        """The link to an asset."""
        return self._link(f"/assets/{'/'.join(map(quote, key.path))}")

    def check(self, key: dg.AssetCheckKey) -> str:
        """The link to a check and its history."""
        return self._link(f"/assets/{'/'.join(map(quote, key.asset_key.path))}?view=checks&checkDetail={key.name}")

    def instigator(self, name: str, *, sensor: bool) -> str:
        """The link to a sensor or schedule and its ticks."""
        if self.location is None:
            return self._link("/automation")
        return self._link(
            f"/locations/{quote(f'{self.repository}@{self.location}')}/{'sensors' if sensor else 'schedules'}/{name}"
        )

    def _link(self, path: str) -> str:
        return f"{self.ui}{path}" if self.ui else ""
