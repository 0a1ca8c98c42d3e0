"""The result cache is limited by size, not by the number of results."""

from functools import partial
from typing import Any

import numpy as np

from engines.host.result_cache import ResultCache

MEGABYTE = 10**6


def array(megabytes: float) -> np.ndarray:
    return np.zeros(int(megabytes * MEGABYTE), np.uint8)


def test_cached_results_are_not_computed_again() -> None:
    cache, made = ResultCache(), []

    def make() -> Any:
        made.append(1)
        return {"prompt_embeds": array(1)}

    assert cache.get("a", make) is cache.get("a", make)
    assert len(made) == 1
    cache.forget()
    cache.get("a", make)
    assert len(made) == 2


def test_the_least_recently_used_result_is_dropped_first() -> None:
    cache = ResultCache(most_bytes=3 * MEGABYTE)
    for key in ("a", "b"):
        cache.get(key, lambda: ({"embeds": [array(0.7), array(0.7)]}, "left out"))
    cache.get("a", lambda: None)  # used again
    cache.get("c", lambda: array(1.4))
    assert cache.get("a", lambda: "anew") != "anew"
    assert cache.get("b", lambda: "anew") == "anew"


def test_a_result_larger_than_the_cache_is_not_cached() -> None:
    cache = ResultCache(most_bytes=MEGABYTE)
    assert cache.get("a", lambda: array(2)).nbytes == 2 * MEGABYTE
    assert cache.get("a", lambda: "anew") == "anew"


def test_many_small_results_are_cached() -> None:
    cache = ResultCache(most_bytes=10 * MEGABYTE)
    for number in range(200):
        cache.get(str(number), partial(int, number))
    assert all(cache.get(str(number), str) == number for number in range(200))
