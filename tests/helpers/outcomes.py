"""An over heard in another way than it is written: what that does to the events that follow."""

from __future__ import annotations

import re
from collections.abc import Sequence

CLASSES = ("as written", "marked", "lost", "wrong", "silent")
"""The same events; others, each for a person to look at; one is missing; one has no mark and is not written; a unit
that answered is logged as one that did not."""

DOUBTS = ("复核", "存疑", "听不清", "没听懂", "内容不清", "本机说", "没听清", "不知是谁", "又一个回答", "未定")
"""What an event says that a person is asked to look at, or that asks about what was said."""

_MARKS = re.compile(r" \((?:复核|存疑)\)| 推断| 迟到| 大概是\S+")


def kind_of(want: Sequence[str], told: Sequence[str]) -> str:
    """One of CLASSES, of events in words."""
    if tuple(want) == tuple(told):
        return "as written"
    wanted, bare = ({_MARKS.sub("", w) for w in row} for row in (want, told))
    if any("未答" in w for w in bare - wanted):
        return "silent"
    sure = {_MARKS.sub("", w) for w in told if not any(d in w for d in DOUBTS)}
    if sure - wanted:
        return "wrong"
    return "lost" if wanted - bare else "marked"
