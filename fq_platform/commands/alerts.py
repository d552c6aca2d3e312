"""`fq alerts test`: send a message to each address that alerts go to, and say what happened.

Belongs here: the command's options and its words. Does not: sending (`alerts/delivery.py`).
"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fq_platform.alerts.alert import Alert
    from fq_platform.alerts.sinks import Sink
    from fq_platform.settings import Settings

alerts = typer.Typer(no_args_is_help=True, help="Alerts: where they go, and whether they arrive.")


@alerts.callback()
def _alerts() -> None:
    pass  # without it, typer takes the only command for the whole


@alerts.command("test")
def send_test(
    timeout: Annotated[float, typer.Option(min=1, max=300, help="Seconds that each address has to take it.")] = 20,
) -> None:
    """Send a test message to every address of FQ_ALERT_URLS, and say which of them took it.

    Ends with exit code 0 only if all did. The addresses, which hold passwords and tokens, are not shown.
    """
    from concurrent.futures import ThreadPoolExecutor

    from rich.console import Console

    from fq_platform.alerts.delivery import send
    from fq_platform.settings import get_settings

    settings = get_settings()
    sinks = _sinks(settings)
    message = _message(settings)
    with (
        Console(stderr=True).status(f"Sending to {len(sinks)} addresses"),
        ThreadPoolExecutor(len(sinks)) as pool,
    ):
        outcomes = list(pool.map(lambda sink: send(sink, message, timeout), sinks))
    console = Console()
    for sink, outcome in zip(sinks, outcomes, strict=True):
        said = f"delivered in {outcome.seconds:.1f} s" if outcome.delivered else f"not delivered: {outcome.reason}"
        console.print(f"{sink.name}, which takes {sink.described()}: {said}", markup=False, soft_wrap=True)
    if not all(outcome.delivered for outcome in outcomes):
        raise typer.Exit(1)


def _sinks(settings: "Settings") -> "list[Sink]":
    from fq_platform.alerts.sinks import VARIABLE, parse_sinks
    from fq_platform.errors import FqError

    sinks = parse_sinks(settings.alert_urls.get_secret_value()) if settings.alert_urls else []
    if not sinks:
        raise FqError(
            "Alerts go nowhere",
            where=f"{VARIABLE} is not set",
            fix="Let it hold addresses of apprise, one a line, such as mailto://user:password@example.org or "
            "error=slack://token/token/token",
        )
    return sinks


def _message(settings: "Settings") -> "Alert":
    import datetime as dt
    import socket

    from fq_platform.alerts.alert import Alert, Kind, Severity

    return Alert(
        Kind.TEST,
        Severity.WARNING,
        "Test message of FQ Platform",
        what=f"Sent by `fq alerts test` on {socket.gethostname()} at {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC. "
        "Alerts will look like this.",
        fix="Nothing",
        link=settings.ui_url or "",
    )
