"""Ids: of the form that they say, and in the order in which they were made."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

from core.ids import new_id


def test_it_is_a_uuid_of_version_7_and_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_later_ones_are_greater_however_fast_they_come() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)


def test_no_two_threads_make_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = pool.map(lambda _: [new_id() for _ in range(2_000)], range(8))
    made = [each for batch in batches for each in batch]
    assert len(set(made)) == len(made)
