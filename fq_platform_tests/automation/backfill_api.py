"""Backfills and runs as the UI asks for them: the GraphQL of Dagster's webserver, in this process."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dagster._core.workspace.context import WorkspaceProcessContext
from dagster_graphql.test.utils import execute_dagster_graphql

_LAUNCH = """mutation($params: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $params) {
        ... on LaunchBackfillSuccess {backfillId} ... on PythonError {message}}}"""
_AGAIN = """mutation($params: ReexecutionParams!) {
    reexecutePartitionBackfill(reexecutionParams: $params) {
        ... on LaunchBackfillSuccess {backfillId} ... on PythonError {message}}}"""
_STATUS = """query($id: String!) {
    partitionBackfillOrError(backfillId: $id) {... on PartitionBackfill {status}}}"""
_RUN = """mutation($params: ExecutionParams!) {
    launchRun(executionParams: $params) {... on LaunchRunSuccess {run {runId}} ... on PythonError {message}}}"""
_LOG = """query($id: ID!) {
    logsForRun(runId: $id) {... on EventConnection {events {... on MessageEvent {message}}}}}"""


class Backfills:
    """Asks for backfills and how they stand.

    Args:
        workspace: The code location and its instance.
    """

    def __init__(self, workspace: WorkspaceProcessContext) -> None:
        self._workspace = workspace

    def launch(self, assets: Sequence[str], first: dt.date, last: dt.date) -> str:
        """Ask for all partitions of some assets from one day to another, both inclusive.

        Returns:
            The id of the backfill.
        """
        params = {
            "assetSelection": [{"path": name.split("/")} for name in assets],
            "partitionNames": [str(first + dt.timedelta(days=number)) for number in range((last - first).days + 1)],
        }
        return str(self._ask(_LAUNCH, params=params)["launchPartitionBackfill"]["backfillId"])

    def launch_run(self, assets: Sequence[str], tags: Mapping[str, str] | None = None) -> str:
        """Ask for one run of some assets of the location `fq_platform`.

        Returns:
            The id of the run.
        """
        params = {
            "selector": {
                "repositoryLocationName": "fq_platform",
                "repositoryName": "__repository__",
                "pipelineName": "__ASSET_JOB",
                "assetSelection": [{"path": name.split("/")} for name in assets],
            },
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        return str(self._ask(_RUN, params=params)["launchRun"]["run"]["runId"])

    def again(self, backfill: str) -> str:
        """Ask for what failed of a backfill, as its button `Re-execute from failure` does.

        Returns:
            The id of the new backfill.
        """
        params = {"parentRunId": backfill, "strategy": "FROM_FAILURE"}
        return str(self._ask(_AGAIN, params=params)["reexecutePartitionBackfill"]["backfillId"])

    def status(self, backfill: str) -> str:
        """Such as `REQUESTED` or `COMPLETED_SUCCESS`."""
        return str(self._ask(_STATUS, id=backfill)["partitionBackfillOrError"]["status"])

    def log(self, run: str) -> list[str]:
        """What the log of a run says, as the run's page shows it."""
        return [event["message"] for event in self._ask(_LOG, id=run)["logsForRun"]["events"] if event]

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        result = execute_dagster_graphql(self._workspace.create_request_context(), query, variables)
        assert not result.errors, result.errors
        data: dict[str, Any] = result.data
        return data
