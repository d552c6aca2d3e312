"""A Pipes client that runs a job as a step of an EMR cluster which is there already.

dagster-aws' own starts a cluster for each table and gives up on it after half an hour.

Belongs here: the step and its life. Does not: what it runs (`clients.py`).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

_OVER = ("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED")


@dataclass(frozen=True)
class EmrStepClient(dg.PipesClient):
    """Runs `spark-submit` in a cluster and waits for it.

    Args:
        client: boto3's client of EMR.
        cluster: The cluster's id.
        context_injector: Puts the context where the job finds it.
        message_reader: Reads what the job tells.
        poll_seconds: How often the step is asked after.
    """

    client: Any
    cluster: str
    context_injector: dg.PipesContextInjector
    message_reader: dg.PipesMessageReader
    poll_seconds: float = 10

    def run(  # type: ignore[override] # each client takes what its service needs
        self, *, context: dg.AssetExecutionContext, name: str, command: Sequence[str], extras: dict[str, Any]
    ) -> dg.PipesClientCompletedInvocation:
        """Run one step.

        Args:
            context: Of the step of the run that hands over.
            name: The step's name in the console.
            command: The program and its arguments; Pipes' are added.
            extras: Pipes' extras.

        Returns:
            What the job told.

        Raises:
            RuntimeError: The step failed; the message says why and where its log is, as far as EMR does.
        """
        with dg.open_pipes_session(
            context=context,
            context_injector=self.context_injector,
            message_reader=self.message_reader,
            extras=extras,
        ) as session:
            of_pipes = [word for pair in session.get_bootstrap_cli_arguments().items() for word in pair]
            step = {
                "Name": name,
                "ActionOnFailure": "CONTINUE",
                "HadoopJarStep": {"Jar": "command-runner.jar", "Args": [*command, *of_pipes]},
            }
            added = self.client.add_job_flow_steps(JobFlowId=self.cluster, Steps=[step])
            step_id = added["StepIds"][0]
            context.log.info(f"EMR cluster {self.cluster}, step {step_id}: {name}")
            try:
                status = self._wait(step_id)
            except dg.DagsterExecutionInterruptedError:
                self.client.cancel_steps(
                    ClusterId=self.cluster, StepIds=[step_id], StepCancellationOption="TERMINATE_PROCESS"
                )
                raise
        if status["State"] != "COMPLETED":
            why = status.get("FailureDetails", {})
            details = "; ".join(f"{name}: {why[name]}" for name in ("Reason", "Message", "LogFile") if why.get(name))
            raise RuntimeError(f"Step {step_id} of the EMR cluster {self.cluster} is {status['State']}. {details}")
        return dg.PipesClientCompletedInvocation(session, metadata={"EMR step": step_id})

    def _wait(self, step_id: str) -> dict[str, Any]:
        while True:
            status: dict[str, Any] = self.client.describe_step(ClusterId=self.cluster, StepId=step_id)["Step"]["Status"]
            if status["State"] in _OVER:
                return status
            time.sleep(self.poll_seconds)
