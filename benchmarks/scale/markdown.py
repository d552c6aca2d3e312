"""Numbers and tables as people read them.

Belongs here: formatting. Does not: what is shown.
"""

import textwrap
from collections.abc import Iterable, Sequence

_BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("bytes", 1.0))
_SECONDS = (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))
_TWO_DAYS = 172_800
WIDTH = 128
"""Characters in a line of the project's pages."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def size(amount: float) -> str:
    """Bytes in the decimal unit that fits: two digits, or whole ones, since more would promise too much."""
    return _scaled(amount, _BYTES)


def duration(seconds: float) -> str:
    """Seconds in the unit that fits, as roughly as `size`."""
    return _scaled(seconds, _SECONDS if seconds >= _TWO_DAYS else _SECONDS[1:])


def count(number: float) -> str:
    """A whole number."""
    return f"{number:,.0f}"


def dollars(amount: float) -> str:
    """US dollars: cents below ten."""
    if 0 < amount < 0.01:
        return "< $0.01"
    return f"${amount:,.2f}" if amount < 10 else f"${amount:,.0f}"


def wrapped(text: str) -> str:
    """Break the lines of paragraphs and lists; tables, headings and code stay as they are."""
    return "\n\n".join(_wrapped_block(block) for block in text.split("\n\n"))


def _wrapped_block(block: str) -> str:
    if block.startswith(("|", "#", "```")) or block.endswith("```"):
        return block
    return "\n".join(_filled(line) for line in block.split("\n"))


def _filled(line: str) -> str:
    indent = "   " if line[:2] in ("1.", "2.", "3.", "4.", "5.", "6.") else "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _scaled(amount: float, units: Sequence[tuple[str, float]]) -> str:
    unit, factor = next((each for each in units if amount >= each[1]), units[-1])
    value = amount / factor
    text = f"{value:,.{0 if value >= 10 else 1}f}"
    return f"{text.removesuffix('.0')} {unit}"
