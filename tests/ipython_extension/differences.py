"""What a notebook of Python does in another way than one of the MicroPython kernel, on purpose, and why."""

from __future__ import annotations

MODULES: dict[str, str] = {}
"""Modules of tests that are not shared."""

TESTS: dict[str, str] = {}
"""Tests that are not shared, of modules that are."""

QUICK = frozenset(
    """
    kernel/test_input.py::test_a_front_end_that_cannot_ask_gets_an_error_and_no_hang
    kernel/test_input.py::test_a_name_is_asked_for
    kernel/test_input.py::test_a_program_that_handles_stop_may_ask_again
    kernel/test_interrupt.py::test_a_second_stop_gives_up_a_program_that_catches_the_first
    kernel/test_interrupt.py::test_stop_ends_a_cell_that_has_just_begun
    kernel/test_interrupt.py::test_stop_ends_a_magic_that_waits
    kernel/test_interrupt.py::test_stop_ends_the_cell_and_keeps_the_variables
    kernel/test_interrupt.py::test_stop_ends_what_the_host_does_after_a_program
    kernel/test_output.py::test_a_flood_is_complete_and_comes_in_few_messages
    kernel/test_output.py::test_output_comes_while_the_cell_runs
    kernel/test_output.py::test_part_of_a_line_is_shown_at_once
    magics/test_values.py::test_nothing_is_changed_where_one_of_several_fails
    magics/test_values.py::test_values_of_the_board_are_used_by_the_hosts_python
    magics/test_values.py::test_values_of_the_host_go_to_the_board
    magics/test_values.py::test_without_a_board_they_say_how_to_get_one
    """.split()
)
"""Tests that run each time; the others are part of ``make soak``."""
