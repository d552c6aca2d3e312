"""Reads the Dockerfile: its stages, and the instructions of each.

Belongs here: as much of the syntax as ours uses. Does not: what must hold of it (`test_image.py`).
"""

import json
import re
from functools import cache

from fq_platform_tests.docker.compose import FOLDER

Instructions = list[tuple[str, str]]
"""Each by its keyword and what follows."""


@cache
def stages() -> dict[str, Instructions]:
    """The stages by name, each with the instructions of those that it is built on before its own."""
    text = re.sub(r"\\\n\s*", "", (FOLDER / "Dockerfile").read_text(encoding="utf-8"))
    found: dict[str, Instructions] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = list(found.get(base, []))
        elif name:
            found[name].append((keyword, rest))
    return found


def last(stage: str, keyword: str) -> str:
    """What an instruction says where it stands last: that is what counts."""
    return [rest for found, rest in stages()[stage] if found == keyword][-1]


def command(stage: str) -> list[str]:
    """What a container of the stage runs if nothing else is asked for."""
    words: list[str] = json.loads(last(stage, "ENTRYPOINT")) + json.loads(last(stage, "CMD"))
    return words


def health_check(stage: str) -> list[str]:
    """The command that says whether such a container is well."""
    words: list[str] = json.loads(last(stage, "HEALTHCHECK").partition(" CMD ")[2])
    return words
