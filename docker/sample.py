"""Loads the sample business into the MongoDB of MONGO_URI, once: for a stack that has no data of its own yet.

Belongs here: asking for it. Does not: the data (`fq_platform/demo/`), which refuses to touch anybody else's.
"""

import sys

from fq_platform.demo.load import load
from fq_platform.demo.sample_data import DATABASE, business_of
from fq_platform.errors import FqError
from fq_platform.settings import load_settings


def main() -> int:
    """Load it.

    Returns:
        The exit status.
    """
    try:
        settings = load_settings()
        if settings.mongo_uri is None:
            raise FqError("There is no MongoDB to fill", where="MONGO_URI", fix="Let it name the stack's own")
        counts = load(settings.mongo_uri.get_secret_value(), DATABASE, business_of(settings))
    except FqError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{DATABASE}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
