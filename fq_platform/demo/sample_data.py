"""The sample accounting business: the same documents for the same seed, made one by one.

Belongs here: how many documents there are and when their orders come in. Does not: what they hold, storing them.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from fq_platform.demo import sample_masters
from fq_platform.demo.sample_masters import PRODUCTS, Customer
from fq_platform.demo.sample_rules import DAY_MS, MILLISECOND, Document, dice
from fq_platform.demo.sample_sales import Sale, sale
from fq_platform.settings import Settings

DATABASE = "ecommerce_db_raw"
START = dt.date(2026, 1, 1)
COLLECTIONS = ("customers", "products", "orders", "invoices", "payments")
"""In an order in which no document refers to one of a later collection."""

ORDERS_PER_CUSTOMER = 20
FEWEST_CUSTOMERS = 20
BOUNDARY_EVERY_DAYS = 5
"""On every fifth day the first order comes in with the day's first millisecond and the last with its last."""

_WEEKDAY_WEIGHTS = (16, 17, 16, 16, 18, 10, 7)  # Monday first
_HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 12, 13, 13, 12, 11, 10, 9, 8, 7, 5, 3, 2)
_HOURS = tuple(accumulate(_HOUR_WEIGHTS, initial=0))
_HOUR_MS = DAY_MS // 24


@dataclass(frozen=True)
class Business:
    """A sample business; its iterators make each document when it is asked for, so any size fits in memory.

    Args:
        seed: Whatever distinguishes this data set from another.
        start: The first day (UTC).
        days: The number of days in which orders, invoices and payments happen.
        orders: The number of orders.
    """

    seed: int
    start: dt.date
    days: int
    orders: int

    @property
    def begin(self) -> dt.datetime:
        """The first moment of the data."""
        return dt.datetime.combine(self.start, dt.time(), dt.UTC)

    @property
    def end(self) -> dt.datetime:
        """The first moment after the data."""
        return self.begin + dt.timedelta(days=self.days)

    def customers(self) -> Iterator[Document]:
        """The documents of `customers`, by number."""
        for index in range(self._customer_count):
            yield sample_masters.customer(self.seed, index, self.begin)[1]

    def products(self) -> Iterator[Document]:
        """The documents of `products`, by number."""
        for index in range(PRODUCTS):
            yield sample_masters.product(self.seed, index, self.begin)[1]

    def sales(self) -> Iterator[Sale]:
        """The orders with the invoices and payments that follow from each, by order number and time."""
        products = [sample_masters.product(self.seed, index, self.begin)[0] for index in range(PRODUCTS)]

        @lru_cache(maxsize=10_000)
        def customer(index: int) -> Customer:
            return sample_masters.customer(self.seed, index, self.begin)[0]

        for index, ordered in enumerate(self._order_times()):
            buyer = dice(self.seed, "buyer", index).randrange(self._customer_count)
            yield sale(self.seed, index, ordered, self.end, customer(buyer), products)

    def documents(self) -> Iterator[tuple[str, Document]]:
        """All documents, each with the name of its collection; a document comes after those that it refers to."""
        for document in self.customers():
            yield "customers", document
        for document in self.products():
            yield "products", document
        for made in self.sales():
            yield "orders", made.order
            if made.invoice is not None:
                yield "invoices", made.invoice
            for payment in made.payments:
                yield "payments", payment

    @property
    def _customer_count(self) -> int:
        return max(FEWEST_CUSTOMERS, self.orders // ORDERS_PER_CUSTOMER)

    def _order_times(self) -> Iterator[dt.datetime]:
        """When each order comes in, ascending: more on weekdays and by day than on Sundays and at night."""
        first_weekday = self.start.weekday()
        weights = [_WEEKDAY_WEIGHTS[(first_weekday + day) % 7] for day in range(self.days)]
        # Rounding the running total, not each day, makes the days add up to the number of orders.
        total = sum(weights)
        orders_before = [self.orders * weight // total for weight in accumulate(weights, initial=0)]
        for day in range(self.days):
            midnight = self.begin + dt.timedelta(days=day)
            for millisecond in self._order_milliseconds(day, orders_before[day], orders_before[day + 1]):
                yield midnight + MILLISECOND * millisecond

    def _order_milliseconds(self, day: int, first: int, stop: int) -> Iterator[int]:
        """When the orders numbered from `first` up to `stop` come in on their day, in milliseconds after midnight."""
        has_boundaries = day % BOUNDARY_EVERY_DAYS == 0
        for index in range(first, stop):
            if has_boundaries and index == first:
                yield 0
            elif has_boundaries and index == stop - 1:
                yield DAY_MS - 1
            else:
                # Each order falls into its own share of the day's weight, so that numbers and times ascend together.
                share = (index - first) * 1_000 + dice(self.seed, "minute", index).randrange(1_000)
                yield _millisecond_at(share, (stop - first) * 1_000)


def generate(seed: int, start: dt.date, days: int, orders: int) -> Business:
    """Describe a sample business; nothing is made until its documents are asked for.

    Args:
        seed: Whatever distinguishes this data set from another; the same seed yields the same bytes.
        start: The first day (UTC).
        days: The number of days.
        orders: The number of orders; about a twentieth as many customers, and up to as many invoices and payments.

    Returns:
        The business.
    """
    return Business(seed, start, days, orders)


def business_of(settings: Settings) -> Business:
    """The sample business that the settings ask for (`demo_seed`, `demo_days`, `demo_orders`)."""
    return generate(settings.demo_seed, START, settings.demo_days, settings.demo_orders)


def _millisecond_at(share: int, whole: int) -> int:
    """The millisecond of the day by which `share / whole` of a day's orders have come in."""
    position = share * _HOURS[-1]
    hour = bisect_right(_HOURS, position // whole) - 1
    return hour * _HOUR_MS + (position - _HOURS[hour] * whole) * _HOUR_MS // (_HOUR_WEIGHTS[hour] * whole)
