"""Faults that are known and not yet mended: each test stays as it is, runs, and says why it may fail.

Take a line out with the fault. A test that is listed here and passes is reported as such (XPASS).
"""

from __future__ import annotations

_108 = "108's 收到 behind its call sign is heard, not understood, by the shipped model since the phrase book grew"

KNOWN: dict[str, str] = {
    "system/test_replay.py::test_the_morning_roll_is_logged_as_it_happened": _108,
    "system/test_replay.py::test_pytest_fixture_for_users": _108,
    "system/test_command_line.py::test_expect": _108,
    "system/test_live.py::test_a_roll_call_over_a_sound_server": "an answer there is not always understood",
    "system/test_desk.py::test_a_folder_that_cannot_be_used_is_told_once": "it is not taken again after the fault",
    "system/test_bureau.py::test_messages": "one of the malformed bodies passes the wire and is set aside by the store",
}
