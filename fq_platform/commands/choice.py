"""Which collections a command is about: those of the sources file, and those of the IFCO application.

Belongs here: names as people give them. Does not: days and windows (`extraction/scope.py`), connections (`source.py`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fq_platform.ifco import ifco_sources, require_apart
from fq_platform.settings import Settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from fq_platform.extraction.scope import Scope


@dataclass(frozen=True)
class Chosen:
    """A part of what a command is about.

    Args:
        sources: Where the collection is declared.
        scope: The collection and its windows.
    """

    sources: Sources
    scope: "Scope"

    @property
    def name(self) -> str:
        """The collection as people call it: `orders`, or `ifco.orders`."""
        prefix = f"{self.sources.app}." if self.sources.declared_in else ""
        return f"{prefix}{self.scope.collection}"


def choose(
    settings: Settings,
    sources: Sources,
    names: Sequence[str] = (),
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> list[Chosen]:
    """Find what is meant by some names of collections and days.

    Args:
        settings: Whether there is an IFCO application, and where it reads.
        sources: The sources file.
        names: Names of collections, such as `orders` or `ifco.orders`; none means all, or, with days, all with days.
        first: The first day asked for, if any.
        last: The last day asked for, inclusive, if any.

    Returns:
        Those of the sources file first, in the order asked for, then those of IFCO.

    Raises:
        FqError: A collection is not declared, has no days though days are asked for, or a day has no window.
    """
    from fq_platform.extraction.scope import asked_for

    ifco = ifco_sources(settings)
    require_apart(sources, ifco)
    prefix = f"{ifco.app}." if ifco else ""
    theirs = [name for name in names if prefix and name.startswith(prefix) and name not in sources.collections]
    others = [name for name in names if name not in theirs]
    chosen: list[Chosen] = []
    if others or not names:
        chosen += [Chosen(sources, scope) for scope in asked_for(sources, others, first, last)]
    if ifco and (theirs or not (names or first or last)):
        named = [name.removeprefix(prefix) for name in theirs]
        chosen += [Chosen(ifco, scope) for scope in asked_for(ifco, named, first, last)]
    return chosen
