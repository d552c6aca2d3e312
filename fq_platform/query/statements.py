"""Where one statement of a text ends and the next begins.

Belongs here: splitting at semicolons, and telling whether a text is complete. Does not: what a statement is
(`read_only.py`).
"""

from collections.abc import Iterable, Iterator

from sqlglot import tokenize
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

SHELL_COMMAND = "\\"
"""What the commands of the shell begin with, such as `\\d`."""


def is_complete(text: str, dialect: str) -> bool:
    """Whether a text can be answered as it stands: it ends with a semicolon, or is a command of the shell.

    Args:
        text: What somebody has typed so far.
        dialect: The SQL, as sqlglot calls it.
    """
    if text.lstrip().startswith(SHELL_COMMAND):
        return True
    tokens = _tokens(text, dialect)
    return tokens is not None and (not tokens or tokens[-1].token_type is TokenType.SEMICOLON)


def split(text: str, dialect: str) -> list[str] | None:
    """The statements of a text, each with its semicolon; those of comments alone are left out.

    Args:
        text: SQL.
        dialect: Its dialect, as sqlglot calls it.

    Returns:
        The statements, the last one perhaps without a semicolon; None if a quotation or comment does not end.
    """
    tokens = _tokens(text, dialect)
    if tokens is None:
        return None
    statements, begin, empty = [], 0, True
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            empty = False
            continue
        if not empty:
            statements.append(text[begin : token.end + 1].strip())
        begin, empty = token.end + 1, True
    rest = "" if empty else text[begin:].strip()
    return [*statements, *([rest] if rest else [])]


def of_script(lines: Iterable[str], dialect: str) -> Iterator[str]:
    """The statements and commands of a script, each as soon as it is complete.

    Args:
        lines: The script's lines.
        dialect: Its dialect, as sqlglot calls it.

    Yields:
        Statements and commands of the shell; the last statement needs no semicolon.
    """
    text = ""
    for line in lines:
        text += line
        if is_complete(text, dialect):
            yield from _parts(text, dialect)
            text = ""
    yield from _parts(text, dialect)


def _parts(text: str, dialect: str) -> list[str]:
    if text.lstrip().startswith(SHELL_COMMAND):
        return [text.strip()]
    statements = split(text, dialect)
    return [text.strip()] if statements is None else statements


def _tokens(text: str, dialect: str) -> list[Token] | None:
    """The words and signs of a text without comments; None if a quotation or comment does not end."""
    try:
        return tokenize(text, dialect=dialect)
    except TokenError:
        return None
