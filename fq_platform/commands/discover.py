"""`fq discover`: look into a MongoDB and write a sources file.

Belongs here: the command's options, and where the file goes. Does not: looking, or what the file says.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer


def discover(
    database: Annotated[
        str | None, typer.Option(help="The database; by default that of MONGO_URI, else the only one there is.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    documents: Annotated[
        int, typer.Option(min=1, max=100_000, help="The most documents to look at in each collection.")
    ] = 1_000,
) -> None:
    """Look into a MongoDB and write a sources file: its collections, and what suits them.

    What was seen of each collection (paths, types, how often they are missing) stands there as comments, beside the
    suggested partition_by, watermark, types and start_date. Nothing is written to MongoDB; of a large collection only
    some documents are read, from its beginning, its end and its midst.
    """
    from rich.console import Console

    from fq_platform.commands.source import source_client
    from fq_platform.demo.load import MARKER_COLLECTION
    from fq_platform.extraction.discover.looking import choose_database, look
    from fq_platform.extraction.discover.text import sources_text
    from fq_platform.settings import get_settings

    if output is not None:
        _require_free(output, force)
    today = dt.datetime.now(dt.UTC).date()
    with (
        source_client(get_settings()) as client,
        Console(stderr=True).status("Looking for collections") as status,
    ):
        found = look(
            client[database or choose_database(client)],
            documents,
            today=today,
            left_out={MARKER_COLLECTION: "what the platform notes about its sample data"},
            on_collection=lambda name, number, of: status.update(f"Looking at {number} of {of} collections"),
        )
        text = sources_text(found, today)
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(output, text)
        Console(stderr=True).print(f"{output}: {len(found.collections)} collections", markup=False, soft_wrap=True)


def _require_free(file: Path, force: bool) -> None:
    from fq_platform.errors import FqError

    if file.exists() and not force:
        raise FqError(
            "The file exists already", where=str(file), fix="Let --output name another, or add --force to replace it"
        )


def _write(file: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    from fq_platform.errors import FqError

    draft = file.with_name(f".{file.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise FqError(
            f"The file cannot be written: {error.strerror or error}",
            where=str(file),
            fix="Let --output name a file in a folder that exists, can be written and has room",
        ) from None
    finally:
        draft.unlink(missing_ok=True)
