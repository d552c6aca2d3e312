"""The IFCO application's sources: the same two collections, read from files or from MongoDB, or not there at all.

Belongs here: which of these it is. Does not: what the collections are (`ifco.yaml`), reading them.
"""

from fq_platform.errors import FqError
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


def require_apart(sources: Sources, ifco: Sources | None) -> None:
    """Refuse a sources file whose tables would be those of the application.

    Args:
        sources: The sources file.
        ifco: What the application reads, if it is there.

    Raises:
        FqError: Both have the same name.
    """
    if ifco is not None and sources.app == ifco.app:
        raise FqError(
            f"The sources file declares the app {sources.app!r}, which comes with the platform",
            where="app in the sources file (FQ_SOURCES)",
            fix="Give it another name, or leave the packaged application out: FQ_IFCO_SOURCE=none",
        )
