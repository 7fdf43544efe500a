"""A running station takes up what its net has learned, between two overs.

The files are looked at every second. The graph is compiled in a process of its own, so that hearing waits for nothing.
Settings, roster and readings stay as they were when the station started; that they have changed is said once.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from voice.errors import FilesError, HuyingError, Problem
from voice.grammar.compiler import compile_graph
from voice.net.loading import Net, changed_files, check_net, files_of, stands
from voice.places import cache_folder
from voice.station.ear import Ear, reopened
from voice.supervised import Supervised
from voice.talk.facts import PhrasesChanged

LOOK_S = 1.0
"""Files are read when they have not changed between two looks: somebody may be writing."""

NICENESS = 5
"""Of the process that compiles."""

Stamp = dict[Path, tuple[int, int]]


class NetWatch:
    """Watches the files of a station's net for as long as it runs."""

    def __init__(
        self, ear: Ear, tell: Callable[[str], None], cache: Path | None = None, look_s: float = LOOK_S
    ) -> None:
        """``tell`` is given what is not in force and why, from another thread."""
        self._ear, self._tell, self._look_s = ear, tell, look_s
        self._cache = cache or cache_folder()
        self._told: dict[Path, bytes | None] = {}
        """Changed files that wait for the next start, as they were when that was said."""
        self._closed = threading.Event()
        self._thread = Supervised("the watch over the net's files", self._watch, tell, self._closed.is_set)

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self._thread.join(5.0)

    def _watch(self) -> None:
        done: Stamp | None = None
        before: Stamp | None = None
        while not self._closed.wait(self._look_s):
            now = _stamp(self._ear.net)
            if now == before and now != done:
                done = now
                with contextlib.suppress(OSError):  # it went away between two looks
                    self._look()
            before = now

    def _look(self) -> None:
        net = self._ear.net
        changed = changed_files(net)
        waiting = {p: data for p, data in changed.items() if stands(p)}
        news = sorted(p.name for p in waiting if self._told.get(p, net.files.get(p)) != waiting[p])
        self._told = waiting
        if news:
            self._tell(f"{', '.join(news)}: changed; in force from the station's next start on")
        if len(waiting) < len(changed):
            self._take_up()

    def _take_up(self) -> None:
        old = self._ear
        try:
            net = _elsewhere(old, self._cache)
            if net.lexicon != old.net.lexicon:
                self._ear = reopened(old, net, self._cache)
                old.succeed(self._ear)
        except Exception as e:  # whatever it is: told once, and what is heard stays as it was
            told = str(e) if isinstance(e, HuyingError) else f"{type(e).__name__}: {e}"
            self._tell(f"the phrases stay as they were: {told}")


def changed_phrases(old: Net, new: Net, t: float) -> PhrasesChanged:
    """What a station hears from now on that it did not, and no more."""
    before, after = (dict.fromkeys(e.text for e in net.lexicon.entries) for net in (old, new))
    learned, forgotten = (tuple(x for x in a if x not in b) for a, b in ((after, before), (before, after)))
    return PhrasesChanged(t=t, net_sha256=new.sha256, learned=learned, forgotten=forgotten)


def _stamp(net: Net) -> Stamp:
    """Time and size of each file that counts."""
    stamp: Stamp = {}
    for path in files_of(net):
        with contextlib.suppress(OSError):
            at = path.stat()
            stamp[path] = at.st_mtime_ns, at.st_size
    return stamp


def _elsewhere(ear: Ear, cache: Path) -> Net:
    """The net with its phrases of now, its graph compiled, by a process that ends with it. Raises HuyingError."""
    graphs = None if ear.model.kind == "stock" else cache / "graphs"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        net, problems = pool.submit(_compiled, ear.net, graphs).result()
    if problems or net is None:
        raise FilesError(problems[:1])
    return net


def _compiled(standing: Net, graphs: Path | None) -> tuple[Net | None, list[Problem]]:
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    net, problems = check_net(standing.folder, standing=standing)
    if net is not None and not problems and graphs is not None:
        compile_graph(net.lexicon, net.costs, graphs)
    return net, problems
