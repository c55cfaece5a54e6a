"""A cache bounded by bytes, for what is too large to be counted in entries."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Keeps the most recently used values as long as their sizes fit; safe to share between threads.

    A value larger than the whole capacity is handed out but not kept, so that one huge layer cannot empty the cache.

    Example:
        >>> cache = ByteCache[bytes](10, len)
        >>> cache.put("a", b"123456"), cache.put("b", b"123456")
        (None, None)
        >>> cache.get("a") is None, cache.get("b")
        (True, b'123456')
    """

    def __init__(self, capacity: int, size_of: Callable[[Value], int]) -> None:
        """Make an empty cache.

        Args:
            capacity: bytes that may be kept, at least 1.
            size_of: bytes of one value.
        """
        self._capacity = capacity
        self._size_of = size_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value put under this key, or None where it was never put or has been evicted."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value, at the cost of those unused for longest."""
        size = self._size_of(value)
        if size > self._capacity:
            return
        with self._lock:
            if key in self._values:
                self._bytes -= self._size_of(self._values.pop(key))
            while self._bytes + size > self._capacity:
                self._bytes -= self._size_of(self._values.popitem(last=False)[1])
            self._values[key] = value
            self._bytes += size
