"""The IFCO application's sources: the same two collections, read from files or from MongoDB, or not there at all.

Belongs here: which of these it is. Does not: what the collections are (`ifco.yaml`), reading them.
"""

from fq_platform.settings import PACKAGE, IfcoSource, Settings
from fq_platform.sources import Sources, load_sources

APP = "ifco"
SOURCES_FILE = PACKAGE / "ifco.yaml"


def ifco_sources(settings: Settings) -> Sources | None:
    """What the application reads.

    Args:
        settings: `FQ_IFCO_SOURCE` and `FQ_IFCO_PATH`.

    Returns:
        Sources with a `folder` if they are files, and without if they are MongoDB's; None if the application is off.
    """
    if settings.ifco_source is IfcoSource.NONE:
        return None
    folder = settings.ifco_path if settings.ifco_source is IfcoSource.FILES else None
    return load_sources(SOURCES_FILE).model_copy(update={"folder": folder, "declared_in": SOURCES_FILE})
