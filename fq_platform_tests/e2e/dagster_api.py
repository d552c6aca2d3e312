"""Questions to a running Dagster over its GraphQL: what to wait for and what to count.

Belongs here: runs, steps, backfills, partitions. Does not: what a person sees (`ui.py`).
"""

import json
import urllib.request
from typing import Any

from fq_platform_tests.e2e.polling import wait_until

_UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
_GOING_ON = ("REQUESTED", "COMPLETING", "CANCELING", "FAILING")


class Dagster:
    """The GraphQL of a Dagster webserver.

    Args:
        url: Of the UI.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url}/graphql"

    def ask(self, query: str) -> dict[str, Any]:
        """The `data` of an answer, without anything that went wrong."""
        request = urllib.request.Request(
            self._url, json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def await_run(self, run_id: str) -> str:
        """Wait for a run's end.

        Returns:
            Its status, such as `SUCCESS`.
        """

        def final() -> str | None:
            query = f"{{runOrError(runId: {json.dumps(run_id)}) {{... on Run {{status}}}}}}"
            status: str = self.ask(query)["runOrError"]["status"]
            return None if status in _UNFINISHED else status

        return wait_until(final, seconds=240, what=f"run {run_id} ends")

    def outcome(self, run_id: str) -> dict[str, str | None]:
        """What became of each asset (`raw/x`) that a run was asked for, such as `SUCCESS`; None if it was not begun."""
        asked = "assetSelection {path} stepStats {stepKey status}"
        run = self.ask(f"{{runOrError(runId: {json.dumps(run_id)}) {{... on Run {{{asked}}}}}}}")["runOrError"]
        steps = {step["stepKey"]: step["status"] for step in run["stepStats"]}
        return {"/".join(asset["path"]): steps.get("__".join(asset["path"])) for asset in run["assetSelection"]}

    def await_backfill(self, backfill_id: str) -> tuple[str, list[str]]:
        """Wait for a backfill's end.

        Returns:
            Its status, such as `COMPLETED_SUCCESS`, and the ids of its runs.
        """

        def final() -> tuple[str, list[str]] | None:
            selector = f"partitionBackfillOrError(backfillId: {json.dumps(backfill_id)})"
            query = f"{{{selector} {{... on PartitionBackfill {{status runs {{id}}}}}}}}"
            backfill = self.ask(query)["partitionBackfillOrError"]
            if backfill["status"] in _GOING_ON:
                return None
            return backfill["status"], [run["id"] for run in backfill["runs"]]

        return wait_until(final, seconds=300, what=f"backfill {backfill_id} ends")

    def partitions_made_by(self, run_id: str, asset: str) -> list[str]:
        """The partitions of an asset (`raw/x`) whose latest materialisation came from a run, in order."""
        selector = f"assetNodeOrError(assetKey: {{path: {json.dumps(asset.split('/'))}}})"
        query = f"{{{selector} {{... on AssetNode {{latestMaterializationByPartition {{runId partition}}}}}}}}"
        latest = self.ask(query)["assetNodeOrError"]["latestMaterializationByPartition"]
        return sorted(event["partition"] for event in latest if event and event["runId"] == run_id)
