"""What a job tells the run that handed over: the events of its own run, whole, and in Pipes' own words.

Belongs here: writing and reading the report. Does not: what becomes of it (`handing_over.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.execution.plan.objects import UserFailureData
    from dagster_pipes import PipesContext

_KIND = "fq/report"
_PLAIN = {
    dg.TextMetadataValue: "text",
    dg.UrlMetadataValue: "url",
    dg.PathMetadataValue: "path",
    dg.MarkdownMetadataValue: "md",
    dg.JsonMetadataValue: "json",
    dg.IntMetadataValue: "int",
    dg.FloatMetadataValue: "float",
    dg.BoolMetadataValue: "bool",
    dg.TimestampMetadataValue: "timestamp",
}
"""The kinds of metadata that Pipes has words for, as far as the platform uses them."""


@dataclass(frozen=True)
class Report:
    """What came of a job.

    Args:
        materializations: What was made: an event for each partition.
        checks: What the rules found.
        failure: What is wrong, in words for users; None if nothing is.
        failure_metadata: What the failure says beside that.
    """

    materializations: Sequence[dg.AssetMaterialization] = ()
    checks: Sequence[dg.AssetCheckEvaluation] = ()
    failure: str | None = None
    failure_metadata: Mapping[str, Any] = field(default_factory=dict)

    def tell(self, pipes: "PipesContext") -> None:
        """Report it through Pipes.

        Pipes' own messages carry one materialisation of an asset and no words of a check, so all of it goes a second
        time as Dagster itself stores it.
        """
        for check in self.checks:
            severity: Literal["WARN", "ERROR"] = "WARN" if check.severity is dg.AssetCheckSeverity.WARN else "ERROR"
            pipes.report_asset_check(
                check.check_name, check.passed, severity, _in_pipes_words(check.metadata), str_key(check.asset_key)
            )
        if self.materializations:
            last = self.materializations[-1]
            pipes.report_asset_materialization(_in_pipes_words(last.metadata), asset_key=str_key(last.asset_key))
        pipes.report_custom_message(
            {
                "kind": _KIND,
                "materializations": [dg.serialize_value(event) for event in self.materializations],
                "checks": [dg.serialize_value(event) for event in self.checks],
                "failure": self.failure,
                "failure_metadata": dg.serialize_value(dict(self.failure_metadata)),
            }
        )


def read_report(messages: Sequence[Any]) -> Report | None:
    """The report among the custom messages of a job; None if it told none."""
    for message in messages:
        if isinstance(message, Mapping) and message.get("kind") == _KIND:
            return Report(
                tuple(_events(message["materializations"], dg.AssetMaterialization)),
                tuple(_events(message["checks"], dg.AssetCheckEvaluation)),
                message["failure"],
                dg.deserialize_value(message["failure_metadata"]),  # type: ignore[arg-type] # takes what it gave
            )
    return None


def report_of(result: dg.ExecuteInProcessResult) -> Report:
    """The report of a job's own run.

    Raises:
        RuntimeError: It failed in a way that is not told to users: a bug, with its traceback.
    """
    told: UserFailureData | None = None
    for event in result.all_events:
        if event.event_type is not dg.DagsterEventType.STEP_FAILURE:
            continue
        told = event.step_failure_data.user_failure_data
        if told is None:
            raise RuntimeError(event.step_failure_data.error_display_string)
    return Report(
        [
            event.step_materialization_data.materialization
            for event in result.all_events
            if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION
        ],
        [
            event.asset_check_evaluation_data
            for event in result.all_events
            if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ],
        told.description if told else None,
        told.metadata if told else {},
    )


def str_key(key: dg.AssetKey) -> str:
    """An asset key as Pipes writes it."""
    return key.to_user_string()


def _events(texts: Sequence[str], kind: type[Any]) -> Iterator[Any]:
    for text in texts:
        yield dg.deserialize_value(text, kind)


def _in_pipes_words(metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, Any]:
    return {
        name: {"raw_value": value.value, "type": _PLAIN[type(value)]}
        for name, value in metadata.items()
        if type(value) in _PLAIN
    }
