"""`fq query`: one statement of the command line, the statements of a script, or a shell.

Belongs here: its options, and which of the three it is. Does not: answering (`answering.py`), the shell (`shell.py`).
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fq_platform.commands.result_options import FormatOption, MaxRowsOption, OutputOption
from fq_platform.query.options import EngineName

if TYPE_CHECKING:
    from fq_platform.commands.answering import Answering
    from fq_platform.settings import Settings


def query(
    sql: Annotated[
        str | None, typer.Argument(help="One statement; without it a shell, or a script's on stdin.")
    ] = None,
    engine: Annotated[EngineName | None, typer.Option(help="What answers, instead of FQ_QUERY_ENGINE.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Read the tables as they were: a snapshot id, or an ISO timestamp (UTC if it has no zone)."),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    max_rows: MaxRowsOption = 50,
    rows: Annotated[
        int | None, typer.Option(min=0, help="The most rows of an answer, instead of FQ_QUERY_ROWS; 0 for all.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds that a query may take, instead of FQ_QUERY_TIMEOUT_SECONDS; 0 for any."),
    ] = None,
) -> None:
    r"""Answer SQL over the lakehouse: statements that only read, such as SELECT, DESCRIBE or SHOW.

    Tables are named raw.x, curated.y, shared.d (or curated.shared.d), analytics.z; `fq tables` lists them. A raw table
    has every version of a document, current(raw.x) the documents that live, each once; current(raw.x, '2026-01-31')
    those that lived then.

    Without SQL it is a shell: statements end with a semicolon, \d lists the tables, \? the other commands. From a pipe
    or a file (fq query < report.sql) the statements are answered one after the other, until one fails.

    Values are exact in every format: in JSON, decimals with a fraction are strings; in CSV, NULL is an empty field
    and "" an empty string.
    """
    from contextlib import closing

    from fq_platform.commands.answering import Answering
    from fq_platform.query.engine import open_engine
    from fq_platform.query.output import choose_format, require_no_terminal
    from fq_platform.query.time_travel import parse_as_of
    from fq_platform.settings import get_settings

    form = choose_format(form, output)
    if output is None:
        require_no_terminal(form)
    moment = parse_as_of(as_of) if as_of is not None else None
    settings = _limits(get_settings(), rows, timeout)
    with closing(open_engine(engine, settings)) as opened:
        answering = Answering(opened, settings.query_rows, form, output, max_rows, moment)
        if sql is not None:
            answering.answer(sql)
        else:
            _converse(answering, settings)


def _limits(settings: "Settings", rows: int | None, timeout: float | None) -> "Settings":
    given = {"query_rows": rows, "query_timeout_seconds": timeout}
    return settings.model_copy(update={name: value for name, value in given.items() if value is not None})


def _converse(answering: "Answering", settings: "Settings") -> None:
    from fq_platform.commands.shell import Shell, run_script
    from fq_platform.errors import FqError

    if answering.output is not None:
        raise FqError(
            "Several answers would replace each other in one file",
            where="--output",
            fix="Give one statement, fq query --output FILE 'SELECT ...'; or redirect them all, fq query < SQL > FILE",
        )
    shell = Shell(answering)
    if sys.stdin.isatty():
        shell.run(settings.home / "history")
    else:
        run_script(shell, sys.stdin)
