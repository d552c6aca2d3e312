"""The shell of `fq query`, spoken to through a terminal's input: what it answers, and that nothing ends it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from fq_platform.commands.answering import Answering
from fq_platform.commands.shell import Shell, run_script
from fq_platform.commands.shell_words import Words
from fq_platform.errors import FqError
from fq_platform.query.engine import QueryEngine
from fq_platform.query.options import Format

ORDERS = "raw.ecommerce_db_orders"
CTRL_C, CTRL_D = "\x03", "\x04"

Converse = Callable[[str], tuple[str, str]]
"""Types a text and gives what stands on standard output and standard error."""


@pytest.fixture
def answering(reader_engine: QueryEngine) -> Answering:
    return Answering(reader_engine, form=Format.CSV)


@pytest.fixture
def converse(answering: Answering, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Converse:
    def speak(keys: str) -> tuple[str, str]:
        with create_pipe_input() as typed, create_app_session(input=typed, output=DummyOutput()):
            typed.send_text(keys)
            Shell(answering).run(tmp_path / "history")
        shown = capfd.readouterr()
        return shown.out.replace("\r\n", "\n"), shown.err

    return speak


def test_a_statement_ends_with_its_semicolon_on_whatever_line(converse: Converse) -> None:
    output, _ = converse("SELECT 1 AS n,\n ';' AS sign\n;\nSELECT 2 AS m;\n" + CTRL_D)
    assert output == "n,sign\n1,;\nm\n2\n"


def test_an_error_is_told_and_the_shell_goes_on(converse: Converse) -> None:
    output, errors = converse("SELECT * FROM raw.ecommerce_db_order;\n\\fly\nDROP TABLE x;\nSELECT 1 AS n;\n\\q\n")
    assert output == "n\n1\n"
    assert "There is no table raw.ecommerce_db_order\nWhat to do: Near to it: raw.ecommerce_db_orders" in errors
    assert r"\fly is no command" in errors
    assert "DROP is not allowed" in errors


def test_tables_columns_and_layers_are_listed(converse: Converse) -> None:
    output, _ = converse(f"\\d\n\\d {ORDERS};\n\\dn\n{CTRL_D}")
    tables, columns, layers = output.split("rows\n")[:3]
    assert ORDERS in tables
    assert "analytics.fct_orders" in tables
    assert "DECIMAL(38,12)" in columns
    assert [line.split("│")[1:3] for line in layers.splitlines() if "raw" in line or "analytics" in line] == [
        [" raw       ", "      1 "], [" analytics ", "      1 "]
    ]  # fmt: skip


def test_the_past_is_read_until_the_shell_is_told_otherwise(converse: Converse) -> None:
    output, errors = converse(f"\\asof 2020-01-01\nFROM {ORDERS};\n\\asof\nSELECT count(*) AS n FROM {ORDERS};\n\\q\n")
    assert "did not exist at 2020-01-01" in errors
    assert output == "n\n2\n"


def test_timing_is_told_beside_the_answer(converse: Converse) -> None:
    output, errors = converse("\\timing\nSELECT 1 AS n;\n\\timing\nSELECT 2 AS n;\n\\?\n\\q\n")
    assert output == "n\n1\nn\n2\n"
    assert errors.count(" seconds") == 1
    assert r"\asof MOMENT" in errors


def test_ctrl_c_forgets_a_line_and_ends_a_query_but_not_the_shell(
    converse: Converse, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answering.answer

    def interrupted_once(sql: str) -> None:
        monkeypatch.setattr(answering, "answer", answer)
        raise KeyboardInterrupt  # what the engine raises when the signal comes: test_cli.py sends a real one

    monkeypatch.setattr(answering, "answer", interrupted_once)
    output, errors = converse(f"SELECT 'half{CTRL_C}SELECT 1;\nSELECT 2 AS n;\n{CTRL_D}")
    assert output == "n\n2\n"
    assert errors.count("Stopped.") == 2


def test_what_was_typed_is_remembered_for_its_owner_alone(converse: Converse, tmp_path: Path) -> None:
    converse("SELECT 1\n, 2;\n\\q\n")
    assert "+SELECT 1\n+, 2;\n" in (tmp_path / "history").read_text()
    assert (tmp_path / "history").stat().st_mode & 0o777 == 0o600


def test_more_rows_than_allowed_are_cut_off_and_told(answering: Answering, converse: Converse) -> None:
    answering.rows = 2
    output, errors = converse("SELECT * FROM range(5);\n\\q\n")
    assert output == "range\n0\n1\n"
    assert "There are more rows" in errors


def test_a_script_stops_at_the_first_statement_that_fails(
    answering: Answering, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = ["SELECT 1 AS n;\n", "SELECT nothing;\n", "SELECT 2 AS n;\n"]
    with pytest.raises(FqError, match="nothing"):
        run_script(Shell(answering), lines)
    assert capfd.readouterr().out == "n\r\n1\r\n"


def test_a_script_ends_where_it_says_so(answering: Answering, capfd: pytest.CaptureFixture[str]) -> None:
    run_script(Shell(answering), ["SELECT 1 AS n;\n", "\\q\n", "SELECT 2 AS n;\n"])
    assert capfd.readouterr().out == "n\r\n1\r\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\\d", {r"\d", r"\dn"}),
        ("\\d raw.", {ORDERS}),
        ("sel", {"SELECT"}),
        ("SELECT * FROM ecomm", {ORDERS}),
        (f"SELECT 1 FROM {ORDERS} WHERE quan", {"quantity"}),
        ("SELECT 1 FROM raw.nothing WHERE quan", set()),
        ("SELECT ", set()),
    ],
)
def test_completion_knows_commands_keywords_tables_and_their_columns(
    reader_engine: QueryEngine, text: str, words: set[str]
) -> None:
    found = Words(reader_engine, [r"\d", r"\dn", r"\q"]).get_completions(Document(text), CompleteEvent())
    assert {completion.text for completion in found} == words
