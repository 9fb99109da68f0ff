"""What a notebook of Python does in another way than one of the MicroPython kernel, on purpose, and why.

The reasons stand in docs/python-notebooks.md as well. Beside each are the tests that are not shared for it: a whole
module, a test, or a test with one set of parameters.
"""

from __future__ import annotations

DIFFERENCES: dict[str, tuple[str, ...]] = {
    "IPython keeps its own history, with all that you type": (
        "kernel/test_help.py::test_earlier_cells_are_found_in_the_history",
        "kernel/test_history.py",
        "kernel/test_nothing_runs.py::test_a_history_that_is_not_there_is_not_made_by_reading_it",
        "kernel/test_nothing_runs.py::test_the_history_is_read_without_a_trace",
        "magics/test_connect.py::test_no_message_and_no_history_has_a_password",
        "magics/test_history.py",
        "magics/test_websocketconnect.py::test_a_password_is_nowhere_to_be_seen",
        "magics/test_websocketconnect.py::test_other_front_ends_do_not_see_it",
    ),
    "the kernel is ipykernel: it starts, restarts, ends and answers front ends in its own way": (
        "kernel/test_foreign_code.py",
        "kernel/test_help.py::test_a_question_mark_alone_says_how_to_begin",
        "kernel/test_help.py::test_kernel_info_tells_what_it_is",
        "kernel/test_hints.py::test_silent_requests_are_not_explained",
        "kernel/test_nbclient.py",
        "kernel/test_reconnect.py::test_sigterm_leaves_the_board_at_the_prompt_that_other_programs_expect",
        "kernel/test_replies.py",
        "kernel/test_restart.py",
        "kernel/test_start.py",
        "kernel/test_traps.py::test_a_subshell_is_for_widgets_alone",
        "magics/test_connect.py::test_boards_names_the_connected_one",
        "magics/test_monitor.py::test_a_board_that_is_attached_to_goes_on_until_a_cell_needs_it",
        "magics/test_connect.py::test_connect_info_says_how_to_join_the_kernel",
    ),
    "lines in tracebacks count from the %%micropython line": (
        "magics/test_replay.py::test_a_cell_that_differs_fails_and_the_notebook_goes_on_when_it_is_right_again",
    ),
    "cells without a magic are Python, and so are %%python, ! and files beside the notebook": (
        "kernel/test_nothing_runs.py::test_no_text_that_is_typed_does_anything",
        "kernel/test_nothing_runs.py::test_what_is_asked_while_a_person_types_does_nothing",
        "kernel/test_traps.py::test_a_file_with_the_name_of_a_package_that_is_not_installed_does_not_run",
        "kernel/test_traps.py::test_files_beside_the_notebook_do_not_run_later_either",
        "kernel/test_traps.py::test_files_in_the_current_folder_do_not_shadow_modules_of_the_host",
        "kernel/test_traps.py::test_python_on_the_host_cannot_end_the_kernel",
        "kernel/test_traps.py::test_python_on_the_host_finds_the_users_own_modules_beside_the_notebook",
        "magics/test_habits.py::test_lines_that_set_up_ipython_are_passed_over",
        "magics/test_habits.py::test_pip_says_which_is_meant",
        "magics/test_deploy.py::test_tagged_cells",
        "magics/test_python.py",
        "magics/test_shell.py",
    ),
    "%lsmagic, unknown commands, NAME? of a command and a lone %% line are IPython's": (
        "kernel/test_completion.py::test_enter_runs_a_cell_that_is_complete",
        "kernel/test_completion.py::test_names_are_completed[virtual-x = 1\\n%connec-expected23]",
        "kernel/test_help.py::test_help_for_a_magic_shows_its_usage",
        "magics/test_all.py::test_a_file_that_is_missing_fails_the_cell",
        "magics/test_all.py::test_an_unknown_magic_names_the_nearest",
        "magics/test_all.py::test_an_unknown_magic_without_a_neighbour_names_the_list",
        "magics/test_all.py::test_an_unknown_option_fails_the_cell_with_the_usage[connect_info]",
        "magics/test_all.py::test_an_unknown_option_fails_the_cell_with_the_usage[lsmagic]",
        "magics/test_all.py::test_each_magic_explains_itself_with_its_usage[connect_info]",
        "magics/test_all.py::test_each_magic_explains_itself_with_its_usage[lsmagic]",
        "magics/test_all.py::test_help_and_question_mark_agree",
        "magics/test_all.py::test_load_and_include_bring_code_from_the_host",
        "magics/test_all.py::test_magics_of_ipython_without_a_counterpart_are_answered",
        "magics/test_all.py::test_metakernels_displays_are_kept",
        "magics/test_all.py::test_metakernels_magics_that_make_no_sense_here_are_hidden",
        "magics/test_all.py::test_metakernels_useful_magics_are_kept",
        "magics/test_all.py::test_the_help_of_every_command_has_an_example",
        "magics/test_all.py::test_the_list_begins_with_what_a_beginner_needs",
        "magics/test_all.py::test_the_list_says_which_commands_do_the_same",
        "magics/test_all.py::test_the_wrong_number_of_percent_signs_is_told",
        "magics/test_connect.py::test_arguments_are_completed",
        "magics/test_deploy.py::test_a_cell_becomes_main",
        "magics/test_deploy.py::test_wrong_uses",
        "magics/test_checkpoint.py::test_a_program_without_end_is_stopped_and_the_board_goes_on",
        "magics/test_files.py::test_a_file_here_is_not_emptied_by_a_cell_without_text",
        "magics/test_files.py::test_each_explains_itself_and_refuses_what_it_does_not_know",
        "magics/test_files.py::test_nothing_below_a_magic_empties_a_file_only_when_told_to",
        "magics/test_mip.py::test_it_is_completed_and_explains_itself",
        "magics/test_monitor.py::test_start_without_a_program_says_so",
        "magics/test_mpy_cross.py::test_the_dash_in_its_name_is_no_trouble",
        "magics/test_parts.py::test_what_makes_no_sense_is_refused_with_what_would[%%script-no line below]",
        "magics/test_plugins.py",
        "magics/test_run.py::test_errors_say_what_to_do",
        "magics/test_sync.py::test_it_explains_itself",
        "magics/test_timeit.py::test_what_is_missing_or_wrong_is_told",
    ),
    "a flood of output goes as fast as IPython takes it; a front end that does not read costs the kernel memory": (
        "kernel/test_flood.py::test_a_flood_takes_bounded_memory_and_stop_is_answered_at_once",
    ),
    "commands in a cell run one by one, and what the board prints between them is shown there": (
        "magics/test_parts.py::test_a_script_that_begins_now_plays_on_a_started_program",
    ),
    "the kernel itself is no variable of a cell": (
        "kernel/test_await.py::test_what_the_board_needs_for_it_is_known_until_it_restarts",
        "kernel/test_ble.py::test_without_bluetooth_the_cell_fails_with_the_reason",
        "kernel/test_interrupt.py::test_stop_counts_from_when_the_front_end_hears_of_the_cell",
        "kernel/test_traps.py::test_a_magic_that_breaks_itself_still_gets_a_reply",
        "kernel/test_traps.py::test_a_magic_that_swallows_one_cell_does_not_swallow_the_next",
        "kernel/test_traps.py::test_a_stop_that_comes_when_a_cell_has_failed_shows_no_second_error",
        "kernel/test_traps.py::test_an_exception_inside_the_kernel_still_sends_a_reply",
        "kernel/test_traps.py::test_even_an_exception_that_ends_programs_sends_a_reply",
        "magics/test_widgets.py::test_a_slider_sets_a_pin_from_a_cell_by_hand_and_behind_a_running_cell",
    ),
}

QUICK = frozenset(
    """
    kernel/test_input.py::test_a_front_end_that_cannot_ask_gets_an_error_and_no_hang
    kernel/test_input.py::test_a_name_is_asked_for
    kernel/test_input.py::test_a_program_that_handles_stop_may_ask_again
    kernel/test_interrupt.py::test_a_second_stop_gives_up_a_program_that_catches_the_first
    kernel/test_interrupt.py::test_stop_ends_a_cell_that_has_just_begun[virtual-0.0]
    kernel/test_interrupt.py::test_stop_ends_a_cell_that_has_just_begun[virtual-0.02]
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
