"""The definitions are those that were reviewed: a change of any shows as a diff of `definitions.txt`."""

import difflib
import os
from pathlib import Path

import pytest

from fq_platform.definitions import build_definitions
from fq_platform.ifco import ifco_sources
from fq_platform.settings import PACKAGE, Environment, Settings, get_settings
from fq_platform.sources import load_sources
from fq_platform_tests.definitions_snapshot import snapshot

REVIEWED = Path(__file__).with_name("definitions.txt")
UPDATE = "FQ_UPDATE_SNAPSHOT"


def test_definitions_are_those_that_were_reviewed(environment: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        environment.delenv(str(field.validation_alias), raising=False)
    sources = load_sources(PACKAGE / "sources.yaml")
    found = {}
    for where in Environment:
        environment.setenv("FQ_ENVIRONMENT", where.value)
        get_settings.cache_clear()
        found[where] = build_definitions(sources, ifco_sources(get_settings()))

    text = snapshot(found)

    if os.environ.get(UPDATE):
        REVIEWED.write_text(text, encoding="utf-8")
    reviewed = REVIEWED.read_text(encoding="utf-8")
    difference = difflib.unified_diff(reviewed.splitlines(), text.splitlines(), REVIEWED.name, "now", n=2, lineterm="")
    assert text == reviewed, (
        "The definitions changed. If that is meant, write them down anew and let the diff be reviewed:\n"
        f"  make test-fast ARGS={Path(__file__).relative_to(PACKAGE.parent)} {UPDATE}=1\n\n" + "\n".join(difference)
    )
