"""Whether Athena and a remote Spark can be used as the settings say.

Belongs here: what `fq doctor` finds of them. Does not: using them (`query/athena_engine.py`, `pipes/`).
"""

from collections.abc import Iterator
from typing import Any

from fq_platform.compute_settings import Compute
from fq_platform.doctor.finding import Finding, failed, ok, warning
from fq_platform.lakehouse.s3_access import aws_session
from fq_platform.query.options import EngineName
from fq_platform.settings import Profile, Settings

_REMOTE = "docs/aws-spark.md"
_AWS = (Compute.EMR, Compute.EMR_SERVERLESS, Compute.GLUE)
_NEEDS_A_LAKE_IN_AWS = (*_AWS, Compute.DATABRICKS)


def checks(settings: Settings) -> Iterator[Finding]:
    """Look at what the settings use of AWS: nothing where they use nothing.

    Args:
        settings: `FQ_QUERY_ENGINE`, `FQ_ATHENA_*`, `FQ_COMPUTE` and the ids that it needs.

    Returns:
        What was found; asks AWS only if what is set could work.
    """
    if settings.query_engine is EngineName.ATHENA:
        yield _athena(settings)
    if settings.compute is not Compute.LOCAL:
        yield _compute(settings)


def _athena(settings: Settings) -> Finding:
    name = "Athena"
    if settings.profile is not Profile.GLUE:
        return failed(
            name, f"It reads Glue's catalog, not that of FQ_PROFILE={settings.profile.value}", "FQ_PROFILE=glue"
        )
    group, error = _asked(settings, "athena", "get_work_group", WorkGroup=settings.athena_workgroup)
    if error:
        return failed(
            name, f"The workgroup {settings.athena_workgroup}: {error}", "Correct FQ_ATHENA_WORKGROUP or the role"
        )
    configuration = group["WorkGroup"].get("Configuration", {})
    output = settings.athena_output or configuration.get("ResultConfiguration", {}).get("OutputLocation")
    managed = configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled")
    if group["WorkGroup"].get("State") == "DISABLED":
        return failed(name, f"The workgroup {settings.athena_workgroup} is disabled", "Enable it, or name another")
    if not output and not managed:
        return failed(name, "There is no place for results", "Set FQ_ATHENA_OUTPUT, or one in the workgroup")
    return ok(name, f"workgroup {settings.athena_workgroup}, results in {output or 'its own storage'}")


def _compute(settings: Settings) -> Finding:
    name = f"Spark by FQ_COMPUTE={settings.compute.value}"
    if missing := settings.missing_for_compute():
        return failed(name, f"{', '.join(missing)} not set", f"Set what is named; {_REMOTE} says to what")
    if settings.compute in _NEEDS_A_LAKE_IN_AWS and settings.profile in (Profile.LOCAL, Profile.S3LOCAL):
        return failed(name, f"No job reaches tables of FQ_PROFILE={settings.profile.value}", "FQ_PROFILE=glue, or rest")
    match settings.compute:
        case Compute.EMR:
            found, error = _asked(settings, "emr", "describe_cluster", ClusterId=settings.emr_cluster_id)
            state = found["Cluster"]["Status"]["State"] if not error else ""
            return _running(name, f"cluster {settings.emr_cluster_id}", error, state, ("RUNNING", "WAITING"))
        case Compute.EMR_SERVERLESS:
            identifier = settings.emr_serverless_application_id
            found, error = _asked(settings, "emr-serverless", "get_application", applicationId=identifier)
            state = found["application"]["state"] if not error else ""
            return _running(name, f"application {identifier}", error, state, ("CREATED", "STARTED", "STOPPED"))
        case Compute.GLUE:
            found, error = _asked(settings, "glue", "get_job", JobName=settings.glue_job)
            version = str(found["Job"].get("GlueVersion", "")) if not error else ""
            if version and not version.startswith("5."):
                return failed(
                    name, f"The job {settings.glue_job} is of Glue {version}", "Make it of Glue 5, with Spark 3.5"
                )
            return _running(name, f"job {settings.glue_job}", error, "", ("",))
        case Compute.DATABRICKS:
            return warning(
                name, f"cluster {settings.databricks_cluster_id} is not looked at", f"Try one table: {_REMOTE}"
            )
        case _:
            return ok(name, "each table in a process of its own, on this machine")


def _running(subject: str, what: str, error: str, state: str, usable: tuple[str, ...]) -> Finding:
    if error:
        return failed(
            subject, f"{what}: {error}", f"Correct the id, or the role of this machine; {_REMOTE} lists its calls"
        )
    if state not in usable:
        return failed(subject, f"{what} is {state}", "Start it, or name another")
    return ok(subject, f"{what}{f' is {state}' if state else ''}")


def _asked(settings: Settings, service: str, call: str, **arguments: Any) -> tuple[dict[str, Any], str]:
    """What AWS says, and what is wrong instead."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    endpoint = settings.glue_endpoint if service == "glue" else None
    quickly = Config(connect_timeout=5, read_timeout=5, retries={"max_attempts": 1})
    try:
        client = aws_session(settings).client(service, endpoint_url=endpoint, config=quickly)
        answer: dict[str, Any] = getattr(client, call)(**arguments)
    except ClientError as error:
        return {}, str(error.response["Error"].get("Message") or error.response["Error"].get("Code"))
    except BotoCoreError as error:
        return {}, str(error)
    return answer, ""
