"""The entry of a measured process: `python -m benchmarks.job NAME ARGUMENTS`, the arguments being a JSON object.

Belongs here: finding the job and printing its result. Does not: jobs.
"""

import importlib
import json
import sys


def main() -> None:
    """Run one job; its result is the last line printed."""
    name, arguments = sys.argv[1:]
    found = importlib.import_module(f"benchmarks.jobs.{name}").run(**json.loads(arguments))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
