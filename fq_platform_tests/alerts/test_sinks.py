"""Where alerts go: the setting's syntax, routing by severity, layer and owner, and secrets that stay secret."""

import pytest

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.alerts.sinks import parse_sinks
from fq_platform.errors import FqError

ERROR_OF_FINANCE = Alert(
    Kind.CHECK_BLOCKED, Severity.ERROR, "x", owners=("team:finance", "anna@example.org"), layers=("analytics",)
)
WARNING_OF_RAW = Alert(Kind.VALUES_RESCUED, Severity.WARNING, "y", owners=("team:data",), layers=("raw",))
FAILING_SENSOR = Alert(Kind.TICKS_FAILED, Severity.ERROR, "z", layers=("automation",))


def taken(tags: str) -> list[str]:
    [sink] = parse_sinks(f"{tags}json://127.0.0.1")
    return [alert.title for alert in (ERROR_OF_FINANCE, WARNING_OF_RAW, FAILING_SENSOR) if sink.takes(alert)]


@pytest.mark.parametrize(
    ("tags", "titles"),
    [
        ("", ["x", "y", "z"]),
        ("error=", ["x", "z"]),
        ("warning, raw = ", ["y"]),
        ("raw,analytics=", ["x", "y"]),
        ("automation=", ["z"]),
        ("team:finance=", ["x"]),
        ("Finance=", ["x"]),
        ("anna@example.org=", ["x"]),
        ("finance,data=", ["x", "y"]),
        ("finance,warning=", []),
    ],
)
def test_alert_needs_one_tag_of_each_sort_that_a_sink_names(tags: str, titles: list[str]) -> None:
    assert taken(tags) == titles


def test_sinks_stand_one_a_line_or_beside_each_other_between_comments() -> None:
    text = """
    # to all
    mailto://fq:secret@example.org?to=a@example.org,b@example.org
    error,team:finance=slack://AAAA/BBBB/CCCC  raw=jsons://example.org/hook?format=x=y
    ; json://127.0.0.1/not-this
    """

    sinks = parse_sinks(text)

    assert [sink.name for sink in sinks] == ["1 (mailto)", "2 (slack)", "3 (jsons)"]
    assert [sorted(sink.tags) for sink in sinks] == [[], ["error", "team:finance"], ["raw"]]
    assert sinks[0].url == "mailto://fq:secret@example.org?to=a@example.org,b@example.org"
    assert sinks[2].url == "jsons://example.org/hook?format=x=y"
    assert sinks[1].described() == "severity error; owner finance"
    assert not any(secret in repr(sinks) for secret in ("secret", "AAAA", "hook"))


@pytest.mark.parametrize("text", ["token-1234", "error=mailto:token-1234", "json://127.0.0.1 token-1234", "= json://x"])
def test_what_cannot_be_read_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(FqError) as refused:
        parse_sinks(f"\n{text}")

    assert str(refused.value).startswith("An address for alerts cannot be read (FQ_ALERT_URLS, line 2). Write one URL")
    assert "token-1234" not in str(refused.value)


def test_nothing_is_no_sink() -> None:
    assert parse_sinks("  \n") == []
