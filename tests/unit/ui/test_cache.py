"""The cache never holds more than its capacity, and lets go of what was unused for longest."""

from __future__ import annotations

import threading

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
    assert (cache.get("huge"), cache.get("a"), cache.bytes_kept) == (None, b"1234", 4)


def test_putting_again_replaces() -> None:
    cache = ByteCache[bytes](10, len)
    cache.put("a", b"12345678")
    cache.put("a", b"12")
    assert (cache.get("a"), cache.bytes_kept) == (b"12", 2)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=60))
def test_never_exceeds_its_capacity_and_counts_right(puts: list[tuple[int, int]]) -> None:
    cache = ByteCache[bytes](20, len)
    for key, size in puts:
        cache.put(key, b"x" * size)
        kept = [value for other in range(6) if (value := cache.get(other)) is not None]
        assert cache.bytes_kept == sum(len(value) for value in kept) <= 20


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
    assert cache.bytes_kept == sum(len(cache.get(key) or b"") for key in range(37)) <= 1000
