"""KeyboardInterrupt at any moment."""

from __future__ import annotations

import threading

import pytest

from metakernel_micropython.interrupts import Condition, interrupt_main_thread


def test_a_condition_is_free_after_a_keyboard_interrupt() -> None:
    for number in range(60):
        condition = Condition()
        # Another moment each time.
        timer = threading.Timer(0.002 + number / 20_000, interrupt_main_thread)
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            while True:
                with condition:
                    pass
        timer.join()
        free: list[bool] = []
        other = threading.Thread(target=_try, args=(condition, free))
        other.start()
        other.join()
        assert free == [True], f"interrupt {number}"


def _try(condition: Condition, free: list[bool]) -> None:
    free.append(condition.acquire(timeout=5))


def test_a_condition_waits_and_is_notified() -> None:
    condition = Condition()
    came: list[int] = []

    def tell() -> None:
        with condition:
            came.append(1)
            condition.notify_all()

    thread = threading.Thread(target=tell)
    with condition:
        thread.start()
        assert condition.wait_for(lambda: came, 5)
    thread.join()


def test_the_main_thread_is_interrupted_while_it_waits() -> None:
    threading.Timer(0.1, interrupt_main_thread).start()
    with pytest.raises(KeyboardInterrupt):
        threading.Event().wait(10)
