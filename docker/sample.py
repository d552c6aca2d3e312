"""Loads the sample business into the MongoDB of MONGO_URI, once: for a stack that has no data of its own yet.

Belongs here: asking for it. Does not: the data (`fq_platform/demo/`), which refuses to touch anybody else's.
"""

import typer

from fq_platform.cli_errors import reported
from fq_platform.demo.load import load
from fq_platform.demo.sample_data import DATABASE, business_of
from fq_platform.errors import FqError
from fq_platform.settings import load_settings


def main() -> None:
    """Load the sample business, unless it is there."""
    with reported():
        settings = load_settings()
        if settings.mongo_uri is None:
            raise FqError("There is no MongoDB to fill", where="MONGO_URI", fix="Let it name the stack's own")
        counts = load(settings.mongo_uri.get_secret_value(), DATABASE, business_of(settings))
        typer.echo(f"{DATABASE}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))


if __name__ == "__main__":
    typer.run(main)
