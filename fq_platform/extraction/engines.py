"""Which engine extracts a collection.

Belongs here: bringing together what the sources file and the command line say. Does not: the engines.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.extraction.engine_name import ExtractionEngine
from fq_platform.settings import Settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from fq_platform.extraction.engine import Engine


def engine_of(
    settings: Settings,
    sources: Sources,
    collection: str,
    uri: Callable[[], str],
    asked: ExtractionEngine | None = None,
) -> "Engine | None":
    """The engine of a collection.

    Args:
        settings: Where Spark runs.
        sources: Where the collection is declared.
        collection: Its name.
        uri: Gives the URI of its MongoDB, if it is asked for.
        asked: The engine that was asked for; None for the one that the collection declares.

    Returns:
        What `sync` takes; None, for its own threads, unless the collection is MongoDB's and the engine is Spark.

    Raises:
        FqError: Spark is a server of Spark Connect, which finds no connector that is added to a session.
    """
    name = asked or sources.collections[collection].engine
    if name is not ExtractionEngine.SPARK or sources.folder is not None:
        return None
    if settings.spark_remote is not None:
        raise FqError(
            "The engine spark does not extract through Spark Connect, which finds no connector that a session adds",
            where="SPARK_REMOTE",
            fix="Unset it for this command, and let FQ_SPARK_MASTER name the cluster; or use the engine arrow",
        )
    from fq_platform.extraction.spark.engine import SparkEngine
    from fq_platform.resources.spark import start_session

    return SparkEngine(settings, uri, lambda: start_session(settings))
