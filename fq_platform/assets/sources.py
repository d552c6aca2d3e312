"""The collections, MongoDB's or files, as the lineage shows them: upstream of everything, and made by somebody else.

Belongs here: what Dagster knows of a collection. Does not: the table that it is landed in (`raw.py`).
"""

from collections.abc import Sequence

import dagster as dg

from fq_platform.assets.code_references import code_references, in_sources_file
from fq_platform.naming import normalise
from fq_platform.sources import Collection, Sources

GROUP = "source"


def source_key(sources: Sources, collection: str) -> dg.AssetKey:
    """The asset key of a collection, such as `mongodb/ecommerce_db_raw/orders`, or `files/ifco/orders`.

    Args:
        sources: The sources file.
        collection: The collection's name as MongoDB has it; in the key it is normalised, as the table's is.
    """
    place = ["files", sources.app] if sources.folder else ["mongodb", normalise(sources.database)]
    return dg.AssetKey([*place, normalise(collection)])


def source_kind(sources: Sources, collection: str) -> str:
    """What a collection is, as the UI's icons have it: `mongodb`, or a file's format."""
    file = sources.file(collection)
    return file.format.value if file else "mongodb"


def source_name(sources: Sources, collection: str) -> str:
    """A collection as people call it: `the MongoDB collection ...`, or `the file ...`."""
    file = sources.file(collection)
    return f"the file `{file.name}`" if file else f"the MongoDB collection `{sources.database}.{collection}`"


def source_metadata(sources: Sources, collection: str) -> dict[str, str]:
    """Where a collection is, as metadata."""
    file = sources.file(collection)
    if sources.folder and file:
        return {"file": str(sources.folder / file.name)}
    return {"collection": f"{sources.database}.{collection}"}


def build_source_assets(sources: Sources) -> Sequence[dg.AssetSpec]:
    """The declared collections as assets that Dagster knows of but does not make.

    Args:
        sources: The sources file.

    Returns:
        One external asset a collection. Nothing of them can be materialised, so no selection of a job has them.
    """
    return [_source_asset(sources, name, options) for name, options in sources.collections.items()]


def _source_asset(sources: Sources, collection: str, options: Collection) -> dg.AssetSpec:
    days = f" Each document belongs to the day of its `{options.partition_by}`." if options.partition_by else ""
    declared = {"partition_by": options.partition_by, "watermark": options.watermark}
    return dg.AssetSpec(
        source_key(sources, collection),
        description=f"T{source_name(sources, collection)[1:]}, only ever read.{days}",
        group_name=GROUP,
        kinds={source_kind(sources, collection)},
        owners=[sources.owner],
        tags={"app": sources.app},
        metadata={
            **source_metadata(sources, collection),
            **{name: value for name, value in declared.items() if value},
            **code_references(in_sources_file(collection, sources.declared_in)),
        },
    )
