"""The MongoDB that assets and sensors read.

Belongs here: which server, and a connection for as long as it is needed. Does not: reading (`extraction/`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.demo.endpoint import running_endpoint
from fq_platform.errors import FqError
from fq_platform.settings import get_settings

if TYPE_CHECKING:
    from pymongo.database import Database


class MongoResource(dg.ConfigurableResource):
    """A MongoDB: the one of `uri`, else of `MONGO_URI`, else the embedded one that is running.

    Args:
        uri: Any MongoDB URI; give it as `dg.EnvVar(...)`, so that no secret is shown in the UI.
    """

    uri: str = ""

    def resolve_uri(self) -> str:
        """The URI in use.

        Returns:
            A MongoDB URI, which may hold a password: never log it.

        Raises:
            FqError: No URI is set and no embedded server is running.
        """
        settings = get_settings()
        if self.uri:
            return self.uri
        if settings.mongo_uri is not None:
            return settings.mongo_uri.get_secret_value()
        embedded = running_endpoint(settings)
        if embedded is None:
            raise FqError(
                "There is no MongoDB to read: MONGO_URI is not set and the embedded one is not running",
                where="MONGO_URI",
                fix="Set MONGO_URI in the environment or in .env, or start the embedded one with `fq dev`",
            )
        return embedded

    @contextmanager
    def database(self, name: str) -> Iterator["Database[dict[str, Any]]"]:
        """Connect to a database for the length of a `with` block.

        Args:
            name: The database's name.

        Yields:
            The database; what the driver raises inside the block comes out as `FqError`.

        Raises:
            FqError: The server cannot be reached, refuses the credentials, or fails while it is read.
        """
        from fq_platform.extraction.source import connect, mongo_errors

        uri = self.resolve_uri()
        with connect(uri, get_settings().mongo_timeout_seconds) as client, mongo_errors(uri):
            yield client[name]
