"""The sensors that notice what a person has to know, and hand it to the alerts (`fq_platform/alerts`)."""

import dagster as dg

from fq_platform.automation.alerting.checks import build_check_alerts
from fq_platform.automation.alerting.freshness import build_freshness_alerts
from fq_platform.automation.alerting.runs import build_run_alerts
from fq_platform.automation.alerting.ticks import build_automation_alerts


def build_alert_sensors() -> list[dg.SensorDefinition]:
    """The alert sensors: of runs, of checks, of freshness, and of schedules and sensors.

    Returns:
        Sensors that request nothing; without `FQ_ALERT_URLS` they look at nothing either.
    """
    return [build_run_alerts(), build_check_alerts(), build_freshness_alerts(), build_automation_alerts()]
