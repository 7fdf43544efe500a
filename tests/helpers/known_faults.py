"""Faults that are known and not yet mended: each test stays as it is, runs, and says why it may fail.

Take a line out with the fault. A test that is listed here and passes is reported as such (XPASS).
"""

from __future__ import annotations

KNOWN: dict[str, str] = {
    "system/test_desk.py::test_a_folder_that_cannot_be_used_is_told_once": "it is not taken again after the fault",
}
