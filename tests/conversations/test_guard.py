"""A failing provider is left alone, tried again by one call at a time, and harms no neighbour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import LLMError
from conversations.llm.guard import AT_ONCE, Breaker, Guard, RetryBudget


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def failed(code: str = "provider_unavailable", permanent: bool = False) -> LLMError:
    return LLMError(code, "no", permanent=permanent)


def call(guard: Guard, error: LLMError | None = None) -> bool:
    """Whether the call was made."""
    try:
        with guard.call() as made:
            if error is None:
                made.succeed()
            else:
                made.fail(error)
    except LLMError:
        return False
    return True


def test_a_provider_that_works_is_asked(clock: Clock) -> None:
    guard = Guard(clock=clock)
    assert all(call(guard) for _ in range(1000))


def test_one_that_fails_is_left_alone_and_probed_by_one_at_a_time(clock: Clock) -> None:
    guard = Guard(clock=clock)
    assert sum(call(guard, failed()) for _ in range(100)) == 8
    assert guard.breaker.seconds_left == 3
    clock.now += 3
    with guard.call() as probe:
        assert not call(guard)
        probe.fail(failed())
    assert not call(guard)
    assert guard.breaker.seconds_left == 6
    clock.now += 6
    assert call(guard)
    assert all(call(guard) for _ in range(100))


def test_it_stays_shut_for_a_minute_at_most(clock: Clock) -> None:
    guard = Guard(clock=clock)
    for _ in range(20):
        call(guard, failed())
        clock.now += guard.breaker.seconds_left
    opened: list[float] = []
    for _ in range(20):
        assert call(guard, failed())
        opened.append(guard.breaker.seconds_left)
        clock.now += guard.breaker.seconds_left
    assert max(opened) == 60


def test_a_probe_whose_visitor_hangs_up_lets_the_next_one_try(clock: Clock) -> None:
    guard = Guard(clock=clock)
    for _ in range(8):
        call(guard, failed())
    clock.now += 3
    with guard.call():
        pass
    assert call(guard)


@pytest.mark.parametrize(
    "error",
    [
        failed("provider_busy"),
        failed("provider_failed", permanent=True),
        failed("provider_empty"),
    ],
    ids=["busy", "refused", "empty"],
)
def test_what_says_nothing_of_the_provider_does_not_open_it(error: LLMError, clock: Clock) -> None:
    guard = Guard(clock=clock)
    assert all(call(guard, error) for _ in range(100))


def test_a_few_failures_among_many_answers_open_nothing(clock: Clock) -> None:
    guard = Guard(clock=clock)
    for number in range(1000):
        assert call(guard, failed() if number % 2 else None)


def test_old_failures_are_forgotten(clock: Clock) -> None:
    guard = Guard(clock=clock)
    for _ in range(100):
        assert call(guard, failed())
        clock.now += 2


def test_what_another_process_found_is_believed(clock: Clock) -> None:
    breaker = Breaker(clock)
    breaker.open_with_others(5)
    assert not breaker.let_through()
    clock.now += 5
    assert breaker.let_through()


def test_only_so_many_are_asked_at_once(clock: Clock) -> None:
    guard = Guard(clock=clock)
    running = [guard.call() for _ in range(AT_ONCE)]
    for one in running:
        one.__enter__()
    with pytest.raises(LLMError) as caught, guard.call():
        pass
    assert (caught.value.code, caught.value.permanent) == ("provider_busy", True)
    running[0].__exit__(None, None, None)
    assert call(guard)


def test_when_everything_fails_a_fifth_is_tried_again() -> None:
    budget = RetryBudget()
    retried = 0
    for _ in range(1000):
        budget.deposit()
        retried += budget.withdraw()
    assert 200 <= retried <= 210


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), max_size=200))
def test_it_always_comes_back(calls: list[tuple[bool, float]]) -> None:
    clock = Clock()
    guard = Guard(clock=clock)
    for succeeds, wait in calls:
        clock.now += wait
        call(guard, None if succeeds else failed())
    clock.now += guard.breaker.seconds_left
    assert call(guard)
