"""How often, and in which words, a sync's progress is logged."""

from fq_platform.assets.raw_progress import ProgressLog
from fq_platform.extraction.results import Progress


def progress(documents: int, done: int) -> Progress:
    return Progress("2026-01-01", documents, inserted=documents, updated=0, unchanged=0, units_done=done, units=12)


def test_a_line_every_ten_seconds_whatever_is_told_between() -> None:
    lines: list[str] = []
    now = 100.0
    log = ProgressLog("raw.x", lines.append, lambda: now)

    for second in range(26):
        now = 100.0 + second
        for _ in range(1_000):
            log.tell(progress(second * 100_000, second // 10))

    assert lines == [
        "raw.x: 1,000,000 documents read, 1 of 12 parts done: 1,000,000 inserted, 0 updated, 0 unchanged so far",
        "raw.x: 2,000,000 documents read, 2 of 12 parts done: 2,000,000 inserted, 0 updated, 0 unchanged so far",
    ]


def test_short_syncs_log_no_progress() -> None:
    lines: list[str] = []
    log = ProgressLog("raw.x", lines.append)

    log.tell(progress(1, 12))

    assert lines == []
