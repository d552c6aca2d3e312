"""A text is split where its SQL ends statements, and nowhere else."""

import pytest

from fq_platform.query.statements import is_complete, of_script, split


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT ';'", False),
        ("SELECT 'it''s;", False),
        ("SELECT 1 -- done;", False),
        ("SELECT 1; -- done", True),
        ("SELECT /* ; \n ", False),
        ("SELECT 1;\nSELECT 2", False),
        ("-- nothing yet", True),
        (";", True),
        ("", True),
        (r"\d raw.orders", True),
    ],
)
def test_a_text_is_complete_with_its_last_semicolon(text: str, complete: bool) -> None:
    assert is_complete(text, "duckdb") is complete


def test_semicolons_in_quotes_and_comments_split_nothing() -> None:
    text = "SELECT ';' AS \"a;b\";; SELECT /* ; */ 2 -- first; really\n; SELECT 3"
    assert split(text, "duckdb") == [
        "SELECT ';' AS \"a;b\";", "SELECT /* ; */ 2 -- first; really\n;", "SELECT 3"
    ]  # fmt: skip


def test_a_script_gives_statements_and_commands_as_they_become_complete() -> None:
    lines = ["-- a report\n", "SELECT 1\n", "  , 2;\n", "\\timing\n", "SELECT 3; SELECT 4;\n", "SELECT 5"]
    assert list(of_script(lines, "duckdb")) == [
        "SELECT 1\n  , 2;", r"\timing", "SELECT 3;", "SELECT 4;", "SELECT 5"
    ]  # fmt: skip


def test_a_quotation_that_does_not_end_is_left_to_the_engine() -> None:
    assert list(of_script(["SELECT 'x;\n", "\n"], "duckdb")) == ["SELECT 'x;"]
