"""Where a soak stands, written down when it is stopped between two moments of its story, so that it can go on.

What the platform itself knows is on disk anyhow; going on is one more restart of everything at once.
"""

import datetime as dt
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fq_platform_tests.soak.alarms import Received
from fq_platform_tests.soak.ledger import Ledger, cpu_seconds

if TYPE_CHECKING:
    from fq_platform_tests.soak.story import Moment
    from fq_platform_tests.soak.world import World

_OF_THE_PROCESS = ("_uri", "_now")
"""What a shop asks this process for."""


@dataclass(frozen=True)
class Saved:
    """A soak between two moments of its story.

    Args:
        moment: The last moment that has happened.
        now: The simulated clock.
        reachable: Whether MongoDB runs.
        shop: What the shop remembers.
        ledger: The figures so far.
        received: The alerts so far.
        port: Where alerts are received: it is part of their address.
        turns: Turns of the daemons so far.
        errors: What they reported.
        cpu_seconds: What the processes before this one have used.
    """

    moment: "Moment"
    now: dt.datetime
    reachable: bool
    shop: dict[str, Any]
    ledger: Ledger
    received: Received
    port: int
    turns: int
    errors: list[str]
    cpu_seconds: float


def save(world: "World", moment: "Moment", ledger: Ledger, reachable: bool, folder: Path) -> None:
    """Write down where a soak stands."""
    saved = Saved(
        moment=moment,
        now=world.clock.now,
        reachable=reachable,
        shop={name: value for name, value in vars(world.shop).items() if name not in _OF_THE_PROCESS},
        ledger=ledger,
        received=world.webhook.received,
        port=world.webhook.server_port,
        turns=world.driver.turns,
        errors=world.driver.errors,
        cpu_seconds=world.cpu_before + cpu_seconds(),
    )
    (folder / "saved").write_bytes(pickle.dumps(saved))


def saved_in(folder: Path) -> Saved | None:
    """Where the soak of a folder was stopped; None if it was not."""
    file = folder / "saved"
    if not file.exists():
        return None
    saved = pickle.loads(file.read_bytes())
    assert isinstance(saved, Saved)
    return saved
