"""What the endpoint file of a server in `FQ_HOME` says of its process, and whether it still holds.

Belongs here: what is alike for all servers that the platform starts. Does not: where one answers
(`demo/endpoint.py`, `lakehouse/object_store_endpoint.py`), or starting one (`demo/owned_server.py`).
"""

import time
from dataclasses import dataclass

from fq_platform.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ServerEndpoint:
    """A running server and who started it.

    Args:
        pid: The number of the server's process.
        owner: The number of the process that started the server; when that one ends, the server does.
    """

    pid: int
    owner: int

    def write(self, settings: Settings) -> None:
        """Replace the endpoint file in one step, so that nobody reads half of it."""
        raise NotImplementedError

    def storage_argument(self, settings: Settings) -> str:
        """The argument of the server's command line that names its storage.

        Args:
            settings: The settings, whose `home` holds the storage.
        """
        raise NotImplementedError

    def is_served(self, settings: Settings) -> bool:
        """Whether the server's process exists and serves this folder; a number may pass to another process."""
        import psutil

        try:
            return self.storage_argument(settings) in psutil.Process(self.pid).cmdline()
        except psutil.Error:
            return False

    def is_owned(self) -> bool:
        """Whether the owner lives; if not, the server is about to end, though it may still answer."""
        import psutil

        try:
            return psutil.Process(self.owner).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def ends_within(self, seconds: float, settings: Settings) -> bool:
        """Wait for the process to end, as it does by itself a moment after its owner was killed."""
        deadline = time.monotonic() + seconds
        while self.is_served(settings):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True
