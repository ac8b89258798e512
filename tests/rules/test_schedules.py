"""Is a schedule told exactly when VolSync's definition or its cron library refuses it?"""

from __future__ import annotations

import pytest

from opencode_workspace.rules.schedules import problem


@pytest.mark.parametrize(
    "schedule",
    [
        *("0 * * * *", "*/15 0-5 * * 1-5", "0 3,15 * * 0,6", "0 0 1 1 *", "59 23 31 12 6"),
        *("@hourly", "@annually", "CRON_TZ=Europe/Berlin 0 3 * * *", "5/10 * * * *", "0 3 * * * "),
    ],
)
def test_a_right_schedule_is_not_told(schedule: str) -> None:
    assert problem(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ("61 * * * *", "61 is no minute; that goes from 0 to 59"),
        ("0 24 * * *", "24 is no hour; that goes from 0 to 23"),
        ("0 0 0 * *", "0 is no day of month; that goes from 1 to 31"),
        ("0 0 1 13 *", "13 is no month; that goes from 1 to 12"),
        ("0 3 * * 7", "7 is no day of week; that goes from 0 to 6"),
        ("99999999999 * * * *", "99999999999 is no minute; that goes from 0 to 59"),
        ("0 22-2 * * *", "22-2 ends before it begins"),
        ("*/0 * * * *", "*/0 has no step of one or more"),
        ("0 0 * * * *", "it has 6 fields, not five"),
        ("hourly", "it has one field, not five"),
        ("", "it has 0 fields, not five"),
        ("0 x * * *", "'x' is no hour"),
        ("0 1-2-3 * * *", "'1-2-3' is no hour"),
        ("- * * * *", "'-' is no minute"),
        # The library takes these, the definition does not.
        ("0 3 * * MON", "each field takes numbers, and a list, a range or a step of them"),
        ("0 1-5/2 * * *", "each field takes numbers, and a list, a range or a step of them"),
        ("0 1-5,8 * * *", "each field takes numbers, and a list, a range or a step of them"),
        ("? * * * *", "each field takes numbers, and a list, a range or a step of them"),
        ("0  * * * *", "each field takes numbers, and a list, a range or a step of them"),
    ],
)
def test_a_wrong_schedule_is_told_with_what_is_wrong(schedule: str, says: str) -> None:
    assert problem(schedule) == says


@pytest.mark.parametrize("schedule", ["@every 1h", "@midnight"])
def test_words_that_only_the_library_knows_are_told(schedule: str) -> None:
    assert problem(schedule).startswith("it is none of @annually, ")
