"""What happens to the sample business afterwards: an order of weeks ago is corrected, another one is deleted.

Belongs here: choosing these two and changing them, once. Does not: the sample data itself.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from bson import ObjectId
from pymongo.database import Database

from fq_platform.demo.load import MARKER_COLLECTION
from fq_platform.demo.sample_rules import INVOICED_WITHIN_DAYS, Document, money, rounded
from fq_platform.errors import FqError
from fq_platform.extraction.source import connect, mongo_errors
from fq_platform.settings import get_settings

CORRECTED_DAY = 3
DELETED_DAY = 6
"""The days (from 1) from which on an order is looked for."""
CHANGED_DAY = 20
"""The day (from 1) on which the correction is made."""

_PLAN = {"_id": "late_changes"}


@dataclass(frozen=True)
class LateChange:
    """One document that was changed.

    Args:
        collection: Its collection.
        id: Its `_id`.
        what: What was done to it.
        day: The day (UTC) that the document belongs to.
    """

    collection: str
    id: ObjectId
    what: Literal["corrected", "deleted"]
    day: dt.date


def apply_late_changes(uri: str, database: str, at: dt.datetime | None = None) -> list[LateChange]:
    """Correct one order and delete another one; what has been done already is not done again.

    The corrected order was never invoiced: the quantity of its first line grows by one, and its totals follow. The
    deleted order was cancelled and never invoiced.

    Args:
        uri: The MongoDB's URI.
        database: The database's name, into which the sample data has been loaded.
        at: The `updated_at` of the corrected order, with a time zone; noon of the data's day 20 unless given.

    Returns:
        What was changed now, so nothing at the second call.

    Raises:
        FqError: The database holds no complete sample data, or the MongoDB cannot be written to.
    """
    with connect(uri, get_settings().mongo_timeout_seconds) as client, mongo_errors(uri):
        return _apply(client[database], at)


def _apply(database: Database[Document], at: dt.datetime | None) -> list[LateChange]:
    plan = database[MARKER_COLLECTION].find_one(_PLAN)
    if plan is None:
        # Written down before anything is changed: a second call, also after a crash, finds the same two orders.
        plan = {**_PLAN, **_choose(database, at)}
        database[MARKER_COLLECTION].insert_one(plan)
    corrected, deleted = plan["corrected"], plan["deleted"]
    orders = database["orders"]
    changes = []
    if orders.update_one(
        {"_id": corrected["_id"], "total": {"$ne": corrected["set"]["total"]}}, {"$set": corrected["set"]}
    ).modified_count:
        changes.append(LateChange("orders", corrected["_id"], "corrected", corrected["order_date"].date()))
    if orders.delete_one({"_id": deleted["_id"]}).deleted_count:
        changes.append(LateChange("orders", deleted["_id"], "deleted", deleted["order_date"].date()))
    return changes


def _choose(database: Database[Document], at: dt.datetime | None) -> Document:
    marker = database[MARKER_COLLECTION].find_one({"_id": "sample", "complete": True})
    if marker is None:
        raise FqError(
            "There is no complete sample data to change",
            where=f"database {database.name}",
            fix="Load it first: fq demo",
        )
    # Only lines as they should be: correcting a quantity does not also tidy up its type.
    tidy = {"lines.0.quantity": {"$type": "int"}, "lines.0.unit_price": {"$type": "decimal"}}
    corrected = _first_not_invoiced(database, marker, CORRECTED_DAY, {"status": {"$ne": "cancelled"}, **tidy})
    deleted = _first_not_invoiced(database, marker, DELETED_DAY, {"status": "cancelled"})
    noon = dt.datetime.combine(dt.date.fromisoformat(marker["start"]), dt.time(12), dt.UTC)
    changed_at = at or noon + dt.timedelta(days=CHANGED_DAY - 1)
    return {
        "corrected": {
            "_id": corrected["_id"],
            "order_date": corrected["order_date"],
            "set": _one_more(corrected, changed_at),
        },
        "deleted": {"_id": deleted["_id"], "order_date": deleted["order_date"]},
    }


def _first_not_invoiced(
    database: Database[Document], marker: Document, day: int, condition: dict[str, Any]
) -> Document:
    """The first order of a day (or of a later one, in small data) that meets a condition and has no invoice."""
    begin = dt.datetime.combine(dt.date.fromisoformat(marker["start"]), dt.time(), dt.UTC)
    for days in range(day - 1, marker["days"]):
        morning = begin + dt.timedelta(days=days)
        ordered = {"order_date": {"$gte": morning, "$lt": morning + dt.timedelta(days=1)}}
        # In bounds, since a whole scan takes the embedded server seconds.
        invoiced = {"invoice_date": {"$gte": morning, "$lt": morning + dt.timedelta(days=1 + INVOICED_WITHIN_DAYS)}}
        with_invoice = {invoice["order_id"] for invoice in database["invoices"].find(invoiced, ["order_id"])}
        orders = database["orders"].find({**ordered, **condition})
        waiting = [order for order in orders if order["_id"] not in with_invoice]
        if waiting:
            return min(waiting, key=lambda order: order["_id"])
    raise FqError(
        "The sample data has no order that could be changed late",
        where=f"database {database.name}",
        fix="Raise FQ_DEMO_ORDERS and remove FQ_HOME/mongo, so that it is loaded anew",
    )


def _one_more(order: Document, changed_at: dt.datetime) -> Document:
    """The fields of an order with one piece more in its first line."""
    first, *others = order["lines"]
    quantity = first["quantity"] + 1
    discount = first.get("discount")
    line_total = rounded(
        quantity * first["unit_price"].to_decimal() - (discount.to_decimal() if discount else Decimal())
    )
    total = line_total + sum((line["line_total"].to_decimal() for line in others), Decimal())
    return {
        "lines": [{**first, "quantity": quantity, "line_total": money(line_total)}, *others],
        "total": money(total),
        "updated_at": changed_at,
    }
