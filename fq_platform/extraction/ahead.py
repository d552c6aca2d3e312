"""Ahead: one item is fetched in a thread while the one before is consumed.

Belongs here: the hand-over between the two. Does not: what is fetched.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
END_SECONDS = 5.0
"""How long leaving waits for a fetch under way. A server may take minutes; the thread ends as soon as it answers."""


class _End:
    """Comes after the last item, with the error that ended them, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Generic[T]):
    """Iterates over items that a thread fetches, at most one of them ahead of its consumer.

    A context manager: leaving it ends the thread and closes the source.

    Args:
        source: Gives the items; used by the thread alone.
        stop: Makes a source that waits end soon; called when the context is left.
    """

    def __init__(self, source: Iterator[T], stop: Callable[[], None]) -> None:
        self._source = source
        self._stop = stop
        self._stopped = False
        self._ready: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._wanted = threading.Semaphore(1)
        # A daemon: an interpreter that exits must not wait for a server that does not answer.
        self._thread = threading.Thread(target=self._fetch, name="fq-read-ahead", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        self._stop()
        self._wanted.release()
        self._thread.join(END_SECONDS)

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self._ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._wanted.release()
            yield item
            del item  # what was consumed must not stay while the next one is awaited

    def _fetch(self) -> None:
        end = _End()
        try:
            while self._wanted.acquire() and not self._stopped:
                item = next(self._source, end)
                if isinstance(item, _End):
                    return
                self._ready.put(item)
                del item  # else this thread would keep it alive while it fetches the next
        except BaseException as error:  # noqa: BLE001 - raised in the consumer's thread
            end = _End(error)
        finally:
            close = getattr(self._source, "close", None)
            if close:
                close()
            self._ready.put(end)
