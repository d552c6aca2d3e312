"""A process of its own that lands documents, to be interrupted, raced, or given too small a disk by tests.

Belongs here: what such a process does. Does not: assertions. Run as `python -m`, with a URI, a database and an FQ_HOME.
"""

import json
import resource
import sys
from pathlib import Path

from pymongo import MongoClient

from fq_platform.errors import FqError
from fq_platform.lakehouse import parquet
from fq_platform.settings import Settings
from fq_platform_tests.extraction.landing import DAY1, DAY3, Landing


def race(landing: Landing) -> None:
    """Sync once all workers are ready (a line on standard input says so)."""
    say("ready")
    sys.stdin.readline()
    for _ in range(3):
        landing.by_day(DAY1, DAY3)


def slowly(landing: Landing) -> None:
    """Sync in so many batches, each on disk at once, that a signal arrives midway."""
    parquet.ROW_GROUP_BYTES = 1
    landing.whole(batch_bytes=1)


def in_ranges(landing: Landing) -> None:
    """Sync with all that takes part: ranges, workers, rows put aside, many small files."""
    parquet.ROW_GROUP_BYTES = 1
    landing.whole(batch_bytes=5_000, range_documents=100, workers=2)


def on_full_disk(landing: Landing) -> None:
    """Sync twice: while a file takes all but a little of the disk, and without it."""
    home = landing.settings.home
    home.mkdir()
    landing.whole("small")
    ballast = home / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(file.tell() - 100_000)
    report(landing)
    ballast.unlink()
    landing.whole(batch_bytes=200_000)
    say(json.dumps({"landed": len(landing.live("things"))}))


def on_limited_file_size(landing: Landing) -> None:
    """The same where no file system can be mounted: a limit on the size of files stands for the full disk."""
    landing.whole("small")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    report(landing)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    landing.whole(batch_bytes=200_000)
    say(json.dumps({"landed": len(landing.live("things"))}))


def report(landing: Landing) -> None:
    before = landing.data_files()
    try:
        landing.whole()
        error = "none"
    except FqError as caught:
        error = str(caught)
    small = len(landing.live("small"))
    say(json.dumps({"error": error, "left": len(landing.data_files() - before), "small": small}))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(task: str, uri: str, database: str, home: str) -> None:
    """Do what is asked for, by name."""
    with MongoClient(uri) as client:
        globals()[task](Landing(client[database], Settings(home=Path(home))))


if __name__ == "__main__":
    main(*sys.argv[1:])
