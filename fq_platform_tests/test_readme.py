"""Tests that README.md, which people copy from, says what the code does."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from fq_platform.cli import app
from fq_platform.settings import Settings, project_root

README = (project_root() / "README.md").read_text(encoding="utf-8")
MAKEFILE = (project_root() / "Makefile").read_text(encoding="utf-8")
# Read by more than one command, but no part of the settings.
OTHER_VARIABLES = {"FQ_DEBUG", "FQ_CHROMIUM"}


def aliases() -> dict[str, object]:
    """Each setting's environment variable and its default."""
    found = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        assert alias is not None, f"the setting {name} has no environment variable"
        found[alias if isinstance(alias, str) else str(alias.choices[0])] = field.default  # type: ignore[union-attr]
    return found


def settings_table() -> dict[str, str]:
    """Variable -> default, as the table in README.md has them."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \| .* \|$", README, re.MULTILINE)
    return {variable: default.strip("` ") for variable, default in rows}


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert set(settings_table()) - OTHER_VARIABLES == set(aliases())


@pytest.mark.parametrize("alias", sorted(aliases()))
def test_default_in_the_table_is_the_real_one(alias: str) -> None:
    default = aliases()[alias]
    if isinstance(default, int | float | str):
        assert settings_table()[alias] == str(default)


def test_home_is_in_the_checkout_unless_its_own_variable_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read from the variables in the table only: HOME is every user's, not ours."""
    assert settings_table()["FQ_HOME"] == ".fq` in the checkout"
    monkeypatch.delenv("FQ_HOME", raising=False)
    monkeypatch.setenv("HOME", "/somewhere/else")

    assert Settings().home == project_root() / ".fq"


def test_make_targets_named_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))

    assert {"demo", "test", "dev"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_commands_named_exist() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"\bfq ([a-z]+(?:-[a-z]+)*)\b", README))

    assert {"dev", "query", "tables"} <= named <= set(commands)


PAGES = [project_root() / "README.md", project_root() / "CONTRIBUTING.md", *project_root().glob("docs/**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(project_root())))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
