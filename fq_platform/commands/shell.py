"""The shell of `fq query`: statements until `;`, and a few commands as psql has them.

Belongs here: reading what somebody types, or a script says, and its commands. Does not: answering (`answering.py`),
completion (`shell_words.py`).
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from rich.console import Console

from fq_platform.commands.answering import Answering
from fq_platform.errors import FqError
from fq_platform.query.format import show
from fq_platform.query.statements import SHELL_COMMAND, is_complete, of_script
from fq_platform.query.time_travel import parse_as_of

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

HELP = {
    r"\d": "the tables",
    r"\d TABLE": "a table's columns",
    r"\dn": "the layers, and how many tables each has",
    r"\asof MOMENT": "read the tables as they were: a snapshot id or an ISO time; without one, as they are",
    r"\timing": "say how long each statement took, or no more",
    r"\?": "these commands",
    r"\q": "leave, as Ctrl-D does",
}
_ALL_OF_A_LIST = 10_000


class Shell:
    """One conversation.

    Args:
        answering: Who answers, and how answers are written.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._timing = False
        self._commands: dict[str, Callable[[str], None]] = {
            r"\d": self._describe,
            r"\dn": self._layers,
            r"\asof": self._as_of,
            r"\timing": self._time,
            r"\?": self._help,
        }

    @property
    def dialect(self) -> str:
        """The SQL that is understood."""
        return self._answering.engine.dialect

    def run(self, history: Path) -> None:
        """Converse until somebody leaves. Errors are told, and Ctrl-C ends a query; the shell goes on.

        Args:
            history: The file in which what was typed is kept, for its owner alone.
        """
        session = self._session(history)
        _say(rf"{self.dialect} answers. Statements end with a semicolon; \? lists the commands, \q leaves.")
        while True:
            try:
                text = session.prompt(f"{self.dialect}> ")
                for part in of_script(text.splitlines(keepends=True), self.dialect):
                    if not self.do(part):
                        return
            except FqError as error:
                _say(f"{error.what}\n{f'Where: {error.where}' if error.where else ''}".strip(), style="red")
                _say(f"What to do: {error.fix}")
            except KeyboardInterrupt:
                _say("Stopped.", style="yellow")
            except EOFError:
                return

    def do(self, text: str) -> bool:
        """Answer a statement, or do what a command says.

        Args:
            text: One of either.

        Returns:
            Whether the conversation goes on.

        Raises:
            FqError: It cannot be done.
        """
        if not text.startswith(SHELL_COMMAND):
            self._answer(text)
            return True
        word, _, rest = text.rstrip(";").strip().partition(" ")
        if word == r"\q":
            return False
        if word not in self._commands:
            raise FqError(f"{word} is no command", fix=r"\? lists them; statements need no backslash")
        self._commands[word](rest.strip())
        return True

    def _answer(self, sql: str) -> None:
        begun = time.monotonic()
        self._answering.answer(sql)
        if self._timing:
            _say(f"{time.monotonic() - begun:.3f} seconds")

    def _describe(self, table: str) -> None:
        if table:
            names, kinds = zip(*self._answering.engine.columns(table), strict=True)
            self._list(column=list(names), type=list(kinds))
        else:
            self._list(table=self._answering.engine.tables())

    def _layers(self, _: str) -> None:
        layers = [table.rpartition(".")[0] for table in self._answering.engine.tables()]
        distinct = list(dict.fromkeys(layers))
        self._list(layer=distinct, tables=[layers.count(layer) for layer in distinct])

    def _as_of(self, moment: str) -> None:
        self._answering.as_of = parse_as_of(moment.strip("'")) if moment else None
        _say(f"Tables are read as of {self._answering.as_of}." if moment else "Tables are read as they are.")

    def _time(self, _: str) -> None:
        self._timing = not self._timing
        _say(f"Timing is {'on' if self._timing else 'off'}.")

    def _help(self, _: str) -> None:
        for command, what in HELP.items():
            _say(f"{command:14} {what}")

    def _list(self, **columns: list[str] | list[int]) -> None:
        show(pa.table(columns).to_reader(), Console(), _ALL_OF_A_LIST)

    def _session(self, history: Path) -> "PromptSession[str]":
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory
        from prompt_toolkit.lexers import PygmentsLexer
        from pygments.lexers.sql import SqlLexer

        from fq_platform.commands.shell_words import Words

        history.parent.mkdir(parents=True, exist_ok=True)
        history.touch(mode=0o600)
        return PromptSession(
            history=FileHistory(str(history)),
            completer=Words(self._answering.engine, [*self._commands, r"\q"]),
            complete_while_typing=False,
            complete_in_thread=True,
            lexer=PygmentsLexer(SqlLexer),
            multiline=True,
            prompt_continuation=lambda width, *_: "... ".rjust(width),
            key_bindings=self._keys(),
        )

    def _keys(self) -> "KeyBindings":
        """Enter ends what is complete, and begins a line of what is not."""
        from prompt_toolkit.key_binding import KeyBindings

        keys = KeyBindings()

        @keys.add("enter")
        def enter(event: "KeyPressEvent") -> None:
            buffer = event.current_buffer
            if is_complete(buffer.text, self.dialect):
                buffer.validate_and_handle()
            else:
                buffer.insert_text("\n")

        return keys


def run_script(shell: Shell, lines: Iterable[str]) -> None:
    r"""Answer a script's statements one after the other, until the end, `\q`, or the first that fails.

    Args:
        shell: Who does it.
        lines: The script; each statement is answered as soon as it is complete.

    Raises:
        FqError: A statement cannot be answered; those before it are.
    """
    for part in of_script(lines, shell.dialect):
        if not shell.do(part):
            return


def _say(text: str, style: str = "dim") -> None:
    """Something that is no part of a result; so it stays out of what a script writes."""
    Console(stderr=True).print(text, style=style, markup=False, highlight=False, soft_wrap=True)
