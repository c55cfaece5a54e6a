"""The cache never holds more than its capacity, and lets go of what was unused for longest."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable

from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.ui.cache import ByteCache


def test_evicts_what_was_unused_for_longest() -> None:
    cache = ByteCache[bytes](10, len)
    cache.put("a", b"1234")
    cache.put("b", b"1234")
    assert cache.get("a") == b"1234"
    cache.put("c", b"1234")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"1234", None, b"1234")


def test_a_value_larger_than_everything_is_not_kept_and_empties_nothing() -> None:
    cache = ByteCache[bytes](10, len)
    cache.put("a", b"1234")
    cache.put("huge", b"x" * 11)
    assert (cache.get("huge"), cache.get("a")) == (None, b"1234")


def test_putting_again_replaces() -> None:
    cache = ByteCache[bytes](10, len)
    cache.put("a", b"12345678")
    cache.put("a", b"12")
    cache.put("b", b"12345678")
    assert (cache.get("a"), cache.get("b")) == (b"12", b"12345678")  # 2 and 8 of 10: nothing else was counted.


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=60))
def test_never_exceeds_its_capacity_nor_lets_go_of_what_fits(puts: list[tuple[int, int]]) -> None:
    cache = ByteCache[bytes](20, len)
    for key, size in puts:
        cache.put(key, b"x" * size)
        assert kept(cache, range(6)) <= 20
    cache.put("last", b"x" * (20 - kept(cache, range(6))))
    assert cache.get("last") is not None
    assert kept(cache, [*range(6), "last"]) == 20


def test_threads_do_not_miscount() -> None:
    cache = ByteCache[bytes](1000, len)

    def work(seed: int) -> None:
        for step in range(500):
            cache.put((seed * step) % 37, b"x" * ((seed + step) % 90))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(cache, range(37)) <= 1000
    cache.put("last", b"x" * (1000 - kept(cache, range(37))))
    assert kept(cache, [*range(37), "last"]) == 1000


def kept(cache: ByteCache[bytes], keys: Iterable[Hashable]) -> int:
    """Bytes of all values that are there."""
    return sum(len(cache.get(key) or b"") for key in keys)
