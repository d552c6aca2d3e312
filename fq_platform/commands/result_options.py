"""The options by which commands say how a result is written.

Belongs here: types for typer. Does not: writing (`query/output.py`).
"""

from pathlib import Path
from typing import Annotated

import typer

from fq_platform.query.options import Format

FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="How the result is written; by default as --output ends, else as a table."),
]
OutputOption = Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")]
MaxRowsOption = Annotated[int, typer.Option(min=1, help="The rows that a table shows; other formats have all.")]
