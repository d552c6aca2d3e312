"""A collection of any number of documents, whose replies are assembled from a template and then kept.

Belongs here: which documents there are, and the bytes of a batch. Does not: commands, filters, sockets.
"""

import bisect
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from benchmarks.documents import DATE_AT, DAYS, ID_AT, NUMBER_AT, START, encoded
from fq_platform.extraction.kernels.compiled import kernel

MOST_DOCUMENTS = 2**24
"""The counter in an ObjectId has three bytes."""
BATCH_BYTES = 16 * 2**20
"""What MongoDB returns at most in one reply (bytes)."""
FIRST_BATCH_DOCUMENTS = 101
"""What MongoDB returns in the first reply where no batch size is asked for."""
_ELEMENT_BYTES = 8
"""The most that an array's element has before its value: type, up to six digits, a zero (bytes)."""
_START_MS = int(START.timestamp() * 1000)
_SPAN_MS = DAYS * 86_400_000
_PROCESS = 0x5EED5EED5E
AFTER_ARRAY = b"\0" + b"\x01ok\0" + struct.pack("<d", 1) + b"\0"
"""The end of a reply after the array: of the cursor, `ok: 1.0`, of the reply."""
_TAIL = b"\0" + AFTER_ARRAY


@dataclass(frozen=True)
class Template:
    """Documents one after the other.

    Args:
        data: Their BSON (uint8).
        starts: Where each begins, and the end of the last (int64, one more than documents).
    """

    data: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, variant: str) -> "Template":
        """Encode the documents of a variant, `clean` or `mixed`."""
        documents = list(encoded(variant))
        starts = np.concatenate([[0], np.cumsum([len(document) for document in documents])]).astype(np.int64)
        return cls(np.frombuffer(b"".join(documents), np.uint8), starts)


@kernel
def _put(out, at, value, size, big_endian):  # type: ignore[no-untyped-def]
    for k in range(size):
        shift = 8 * (size - 1 - k if big_endian else k)
        out[at + k] = (value >> shift) & 255


@kernel
def _fill(out, at, data, starts, first, count, seconds, process, start_ms, span_ms, documents):  # type: ignore[no-untyped-def]
    """Write the elements of an array: documents `first` to `first + count`, each with its own identity."""
    templates = len(starts) - 1
    for k in range(count):
        number = first + k
        out[at] = 3
        at += 1
        digits = 1
        rest = k
        while rest >= 10:
            rest //= 10
            digits += 1
        rest = k
        for place in range(digits - 1, -1, -1):
            out[at + place] = 48 + rest % 10
            rest //= 10
        at += digits
        out[at] = 0
        at += 1
        begin, end = starts[number % templates], starts[number % templates + 1]
        for byte in range(end - begin):  # a slice would copy as fast, but take seconds to compile
            out[at + byte] = data[begin + byte]
        _put(out, at + ID_AT, seconds + number // 1000, 4, True)
        _put(out, at + ID_AT + 4, process, 5, True)
        _put(out, at + ID_AT + 9, number, 3, True)
        _put(out, at + NUMBER_AT, number, 4, False)
        _put(out, at + DATE_AT, start_ms + number * span_ms // documents, 8, False)
        at += end - begin
    return at


@dataclass
class ReplayCollection:
    """Documents 0 to `documents`, in the order of their `_id`s and of their dates.

    Args:
        name: `<variant>_<documents>`.
        documents: How many.
        template: What they look like.
        keep_bytes: How many bytes of replies are kept for the next one who asks for the same.
    """

    name: str
    documents: int
    template: Template
    keep_bytes: int = 2**30
    _kept: dict[tuple[int, int], memoryview] = field(default_factory=dict)
    _kept_bytes: int = 0

    def __post_init__(self) -> None:
        if self.documents > MOST_DOCUMENTS:
            raise ValueError(f"a collection has at most {MOST_DOCUMENTS:,} documents")

    def object_id(self, number: int) -> ObjectId:
        """The `_id` of a document: all from one process, a thousand a second."""
        seconds = _START_MS // 1000 + number // 1000
        return ObjectId(seconds.to_bytes(4, "big") + _PROCESS.to_bytes(5, "big") + number.to_bytes(3, "big"))

    def date(self, number: int) -> DatetimeMS:
        """The date of a document."""
        return DatetimeMS(_START_MS + number * _SPAN_MS // self.documents)

    def first_from(self, value: ObjectId | DatetimeMS) -> int:
        """The number of the first document whose `_id`, or date, is not less than a value."""
        key = self.object_id if isinstance(value, ObjectId) else self.date
        return bisect.bisect_left(range(self.documents), value, key=key)

    def bytes_before(self, number: int) -> int:
        """The size of all documents before one (bytes)."""
        turns, rest = divmod(number, len(self.template.starts) - 1)
        return turns * int(self.template.starts[-1]) + int(self.template.starts[rest])

    def batch_end(self, first: int, last: int, documents: int) -> int:
        """Where a batch ends that begins with a document.

        Args:
            first: The first document's number.
            last: The number behind the last that is wanted.
            documents: The most documents.

        Returns:
            The number behind the batch's last document; at least one document is in it if any is wanted.
        """
        most = min(last, first + documents)
        limit = self.bytes_before(first) + BATCH_BYTES

        def end_of(number: int) -> int:
            return self.bytes_before(number) + _ELEMENT_BYTES * (number - first)

        fitting = bisect.bisect_right(range(first, most + 1), limit, key=end_of) + first - 1
        return max(fitting, min(first + 1, most))

    def batch(self, first: int, end: int) -> memoryview:
        """A reply from its array of documents on.

        Args:
            first: The first document's number.
            end: The number behind the last one.

        Returns:
            The array's value, then the end of the reply (bytes).
        """
        kept = self._kept.get((first, end))
        return kept if kept is not None else self._keep((first, end), self._assemble(first, end - first))

    def _assemble(self, first: int, count: int) -> memoryview:
        size = self.bytes_before(first + count) - self.bytes_before(first)
        out = np.empty(4 + size + _ELEMENT_BYTES * count + len(_TAIL), np.uint8)
        facts = (_START_MS // 1000, _PROCESS, _START_MS, _SPAN_MS, self.documents)
        at = _fill(out, 4, self.template.data, self.template.starts, first, count, *facts)
        out[:4] = np.frombuffer((at + 1).to_bytes(4, "little"), np.uint8)
        out[at : at + len(_TAIL)] = np.frombuffer(_TAIL, np.uint8)
        return out.data[: at + len(_TAIL)]

    def _keep(self, part: tuple[int, int], reply: memoryview) -> memoryview:
        if self._kept_bytes + len(reply) <= self.keep_bytes:
            self._kept_bytes += len(reply)
            self._kept[part] = reply
        return reply


def declared(names: Sequence[str]) -> dict[str, ReplayCollection]:
    """The collections that a server has.

    Args:
        names: `<variant>_<documents>` each, such as `clean_1000000`.

    Returns:
        The collections by name; those of one variant share its template.
    """
    templates: dict[str, Template] = {}
    found = {}
    for name in names:
        variant, _, documents = name.partition("_")
        if variant not in templates:
            templates[variant] = Template.of(variant)
        found[name] = ReplayCollection(name, int(documents), templates[variant])
    return found
