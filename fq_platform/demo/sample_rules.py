"""The rules of the sample data: how often each kind of dirt occurs, and how dice, ids and amounts are made from a seed.

Belongs here: what all sample collections share. Does not: the fields of any of them.
"""

import datetime as dt
import hashlib
import random
import struct
import zlib
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bson import Decimal128, ObjectId

Document = dict[str, Any]

VERSION = 1
"""Raised with every change of what a seed yields, so that data of an older rule is noticed."""

ONE_IN = {
    # Customers: at least 20 of them, so each kind occurs at least once, in the default size dozens of times.
    "customer without email": 9,
    "customer with null phone": 7,
    "customer without phone": 8,
    "customer with postal code as int": 11,
    "customer with payment terms as double": 10,
    "customer without credit limit": 4,
    # Products: 120.
    "product with price as string": 15,
    "product without tags": 7,
    "product without discontinued": 6,
    # Orders, and what follows from them; primes, so that every kind meets every other.
    "order cancelled": 19,
    "order returned": 37,
    "order never invoiced": 13,
    "order with untidy status": 23,
    "order with postal code as int": 17,
    "order with quantity as double": 29,
    "order with line price as string": 31,
    "order with null notes": 11,
    "order with notes": 7,
    "invoice with total as string": 41,
    "invoice unpaid": 5,
    "invoice paid in part": 43,
    "invoice paid in two parts": 47,
    "invoice overpaid": 53,
    "payment with null reference": 14,
    "payment without reference": 16,
}
"""How rare each irregularity is: one document in so many has it, at regular distances from a seeded beginning.

At regular distances, not by chance: so every kind occurs in the smallest data set too. The kinds that concern an
invoice or a payment are counted over orders, so those that are cancelled or not yet invoiced leave gaps.
"""

INVOICED_WITHIN_DAYS = 3
"""An order is invoiced less than so many days after it came in, or never."""

CENT = Decimal("0.01")
MILLISECOND = dt.timedelta(milliseconds=1)
DAY_MS = 24 * 60 * 60 * 1000


def has(kind: str, seed: int, index: int) -> bool:
    """Whether the document at an index is one of those with this irregularity.

    Args:
        kind: A key of `ONE_IN`.
        seed: The seed of the data set.
        index: Zero-based number of the customer, product or order.
    """
    period = ONE_IN[kind]
    return index % period == zlib.crc32(f"{seed}/{kind}".encode()) % period


def dice(seed: int, what: str, index: int) -> random.Random:
    """Dice of its own for each document, so that none depends on which others were made before it."""
    return random.Random(f"{seed}/{what}/{index}")  # noqa: S311 (sample data, not secrets)


def object_id(seed: int, collection: str, time: dt.datetime, index: int) -> ObjectId:
    """An ObjectId that looks like a driver's (seconds, machine, counter), from the seed and not from the clock.

    Args:
        seed: The seed of the data set.
        collection: The collection, in which `index` is unique.
        time: When the document was created, with a time zone.
        index: A number below 2**32.
    """
    machine = hashlib.sha256(f"{seed}/{collection}".encode()).digest()[:4]
    return ObjectId(struct.pack(">I4sI", int(time.timestamp()), machine, index))


def rounded(amount: Decimal, unit: Decimal = CENT) -> Decimal:
    """An amount in whole units (cents unless told otherwise), halves away from zero."""
    return amount.quantize(unit, ROUND_HALF_UP)


def money(amount: Decimal) -> Decimal128:
    """An amount as MongoDB holds it, with the decimals that it has."""
    return Decimal128(amount)
