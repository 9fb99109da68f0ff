"""The kernel's own tests of what the extension offers, run in a notebook of IPython's kernel.

They are imported, and get this folder's fixtures: ``python_notebook.py`` has how a cell is written there.
"""

from ..kernel.test_input import (  # noqa: F401
    test_a_front_end_that_cannot_ask_gets_an_error_and_no_hang,
    test_a_name_is_asked_for,
    test_a_program_that_handles_stop_may_ask_again,
)
from ..kernel.test_interrupt import (  # noqa: F401
    test_a_second_stop_gives_up_a_program_that_catches_the_first,
    test_stop_ends_a_cell_that_has_just_begun,
    test_stop_ends_a_magic_that_waits,
    test_stop_ends_the_cell_and_keeps_the_variables,
    test_stop_ends_what_the_host_does_after_a_program,
)
from ..kernel.test_output import (  # noqa: F401
    test_a_flood_is_complete_and_comes_in_few_messages,
    test_output_comes_while_the_cell_runs,
    test_part_of_a_line_is_shown_at_once,
)
from ..magics.test_values import (  # noqa: F401
    test_nothing_is_changed_where_one_of_several_fails,
    test_values_of_the_board_are_used_by_the_hosts_python,
    test_values_of_the_host_go_to_the_board,
    test_without_a_board_they_say_how_to_get_one,
)
