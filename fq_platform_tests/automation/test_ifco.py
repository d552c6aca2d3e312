"""What refreshes the IFCO application by itself."""

from pathlib import Path

import dagster as dg
import pytest

from fq_platform.automation.ifco import build_ifco_job, build_ifco_schedule, build_ifco_sensors
from fq_platform.automation.runs import UNATTENDED
from fq_platform.definitions import build_definitions
from fq_platform.ifco import ifco_sources
from fq_platform.settings import IfcoSource, Settings
from fq_platform.sources import Sources, get_sources


def sources(folder: Path | None = None) -> Sources:
    """The application's sources: files of a folder, or MongoDB's collections."""
    settings = Settings(ifco_path=folder) if folder else Settings(ifco_source=IfcoSource.MONGO)
    found = ifco_sources(settings)
    assert found is not None
    return found


def tick(folder: Path, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    (sensor,) = build_ifco_sensors(sources(folder))
    context = dg.build_sensor_context(cursor=cursor)
    found = sensor(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_files_are_news_when_their_content_is_another_and_when_it_returns(tmp_path: Path) -> None:
    orders, invoices = tmp_path / "orders.csv", tmp_path / "invoicing_data.json"
    invoices.write_text("{}")
    cursor = None
    asked = []
    for content in ("a", "a", "b", "b", "a"):
        orders.write_text(content)  # a new date each time
        found = tick(tmp_path, cursor)
        asked.append(isinstance(found, dg.SensorResult))
        if isinstance(found, dg.SensorResult):
            cursor = found.cursor
            (request,) = found.run_requests or []
            assert request.run_key is None
            assert request.tags.items() >= UNATTENDED.items()

    assert asked == [True, False, True, False, True]


def test_files_that_are_missing_are_named_and_ask_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("a")

    found = tick(tmp_path, None)

    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == f"Not in {tmp_path}: invoicing_data.json"


def test_collections_of_mongodb_are_looked_at_each_hour_and_files_each_night_besides(tmp_path: Path) -> None:
    assert build_ifco_schedule(sources()).cron_schedule == "0 * * * *"
    assert build_ifco_sensors(sources()) == []
    assert build_ifco_schedule(sources(tmp_path)).cron_schedule == "0 2 * * *"


@pytest.mark.parametrize("kind", list(IfcoSource))
def test_definitions_have_the_application_wherever_it_reads_and_not_where_it_is_off(kind: IfcoSource) -> None:
    found = build_definitions(get_sources(), ifco_sources(Settings(ifco_source=kind)))

    graph = found.resolve_asset_graph()
    raw, orders = (
        dg.AssetKey(["raw", "ifco_orders"]),
        {
            IfcoSource.FILES: "files/ifco/orders",
            IfcoSource.MONGO: "mongodb/ifco_raw/orders",
        },
    )
    if kind is IfcoSource.NONE:
        assert not graph.has(raw)
        return
    assert {key.to_user_string() for key in graph.get(raw).parent_keys} == {orders[kind]}
    job = found.resolve_job_def(build_ifco_job([]).name).asset_layer
    apart = {key for key in graph.materializable_asset_keys if graph.get(key).tags.get("app") == "ifco"}
    assert job.selected_asset_keys == apart
    assert not apart & set(found.resolve_job_def("daily_refresh").asset_layer.selected_asset_keys)
