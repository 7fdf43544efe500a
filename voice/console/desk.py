"""Everything the console can do, for pages and API: read and correct the journal, edit the roster, give orders."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import soundfile as sf

from voice.console.feed import Feed
from voice.console.metrics import Metrics
from voice.console.users import LOCAL
from voice.errors import HuyingError, Problem
from voice.grammar.check import alike
from voice.grammar.lexicon import plain
from voice.grammar.meanings import MEANINGS
from voice.journal.by_hand import correction, undoing
from voice.journal.confirming import confirmation, over_of
from voice.journal.event import Event, wall_time
from voice.journal.export import Reader
from voice.journal.lines import Line
from voice.journal.review import OpenReviews, Word
from voice.journal.rolls import Column, Session, columns, sessions_between
from voice.journal.sheets import Heading
from voice.journal.store import Journal
from voice.journal.wording import utc
from voice.mandarin.numerals import CannotBeRead
from voice.measure.phrase_cost import Cost, cost_of
from voice.measure.typed import following, meaning_in
from voice.net.learning import Change, Proposal, forget, learn, learned, propose
from voice.net.loading import Net, changed_files, check_net, stands
from voice.net.roster_table import RosterRow, RosterTable, read_roster_table, save_roster_table
from voice.net.settings import write_settings
from voice.pcm import RATE
from voice.places import cache_folder, sample_net
from voice.speech.synthesiser import Synthesiser
from voice.station.announcer import Announcer
from voice.station.candidates import Candidate, candidates
from voice.station.ear import Ear, open_ear, reopened
from voice.station.keeping import StationKeeper
from voice.station.requests import AlertRequest, Request, SayRequest, leave, with_neighbours
from voice.station.status import Status, status_file
from voice.talk.by_hand import RESULTS, Acknowledged, Corrected, NetEdited, NetEntered

LONGEST_SPEECH = 300
REVIEW_DAYS = 14
UNDO_DAYS = 1
"""People's words of this time are listed to be undone; older ones can be undone by their number."""
WEEK_DAYS = 7
REVIEW_EVENTS = 100_000
"""A hundred busy channels produce this many a day; a page must still open."""
REHEARSED = 60
"""Latest overs tested before a phrase is learned: takes seconds, not minutes."""
OF_ITS_EXCHANGE = ("called", "alerted", "present", "late", "relayed", "silent", "unclear", "undetermined")
"""States of a tile that an event of the unit's exchange has set, or a person's word about one."""
TEST_WORDS = "测试发射,测试发射"


class Desk:
    """One console on one journal. Raises HuyingError if something cannot be done."""

    def __init__(self, journal: Journal, net: Net, requests: Path) -> None:
        self.net, self.requests, self.metrics = net, requests, Metrics()
        self.station: Status | None = None
        """Status of the running station; None if none runs."""
        self._status = status_file(requests)
        self.feed = Feed(journal, self.metrics.take, self._look_at_station)
        self.keeper: StationKeeper | None = None
        """Of the station that was started together with the console; None: somebody else looks after it."""
        self._saving = threading.RLock()
        self._synthesiser: Synthesiser | None = None
        self._speaker: tuple[Net, Announcer] | None = None
        self._hearing = threading.Lock()
        self._rehearsing = threading.Lock()
        self._ear: Ear | None = None
        self._reviews: OpenReviews | None = None
        self._reviewing = threading.Lock()
        self._reading = threading.Lock()
        self._week: tuple[int, str, list[Column]] | None = None
        """Event after which it was read, beginning, roll-calls."""

    def _look_at_station(self) -> bool:
        """Whether the station's status has changed."""
        before, self.station = self.station, self._status.read()
        return self.station != before

    def open_reviews(self) -> list[Line]:
        """Open reviews, newest first: from the REVIEW_DAYS before the latest event, REVIEW_EVENTS at most, plus
        everything since the console started."""
        with self._reviewing:
            return self._looked_at().lines

    def in_force(self) -> list[Word]:
        """Corrections and confirmations of the last UNDO_DAYS that nobody has undone, newest first."""
        with self._reviewing:
            return self._looked_at().words(wall_time(datetime.now(UTC) - timedelta(days=UNDO_DAYS), 0))

    def _looked_at(self) -> OpenReviews:
        """The reviews, up to the latest event."""
        journal = self.feed.journal
        if self._reviews is None:
            self._reviews = OpenReviews()
            latest = next(journal.events(after=journal.last() - 1), None)
            if latest is not None:
                moment = min(datetime.fromisoformat(latest.wall), datetime.now(UTC))  # a clock may have been wrong
                since = moment - timedelta(days=REVIEW_DAYS)
                self._take_reviews(journal.events(since=wall_time(since, 0), after=latest.seq - REVIEW_EVENTS))
        self._take_reviews(journal.events(after=self._reviews.reached))
        return self._reviews

    def _take_reviews(self, events: Iterable[Event]) -> None:
        assert self._reviews is not None
        for event in events:
            self._reviews.take(event)

    def leave(self, request: Request) -> tuple[str, ...]:
        """Queue a request for the station; returns the units addressed."""
        return leave(self.requests, self.net, request)[1]

    def test(self, by: str) -> None:
        """Have the station key and announce a test."""
        self.leave(SayRequest(TEST_WORDS, by))

    def alert(self, request: AlertRequest, near: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Have an alert read; ``near``: also to these units and their neighbours."""
        return self.leave(replace(request, to=(*request.to, *with_neighbours(self.net, near))))

    def correct(self, seq: int, unit: str, meaning: str, by: str, note: str = "") -> int:
        """Correct the result of an exchange; returns the number of the new event."""
        if self.net.unit(unit) is None:
            raise HuyingError(f"no unit {unit!r} on the roster")
        return self.feed.journal.enter(correction(self.feed.journal, seq, unit, meaning, by, note, self.net.name_of))

    def mark_present(self, channel: str, unit: str, by: str) -> int:
        """Mark a unit present in the latest roll-call, whatever was heard; returns the number of the new event."""
        if self.net.unit(unit) is None:
            raise HuyingError(f"no unit {unit!r} on the roster")
        board = self.feed.board_of(channel)
        occasion, tile = board.occasion, board.tiles.get(unit)
        if occasion is None or unit not in occasion.units:
            raise HuyingError("the unit is not in the latest roll-call 最近一次点名没有这个单位")
        own = tile.seq if tile is not None and tile.state in OF_ITS_EXCHANGE else 0
        meaning, note = "present", "on the board"
        if own > occasion.seq:
            return self.correct(own, unit, meaning, by, note)
        fact = Corrected(corrects=occasion.seq, unit=unit, meaning=meaning, by=by, note=note, channel=channel)
        return self.feed.journal.enter(fact)

    def acknowledge(self, seq: int, by: str, note: str = "") -> int:
        """Acknowledge the incident reported by an event; returns the number of the new event."""
        for channel in self.feed.channels:
            if any(i.seq == seq for i in self.feed.board_of(channel).incidents):
                return self.feed.journal.enter(Acknowledged(acknowledges=seq, by=by, note=note, channel=channel))
        raise HuyingError(f"event {seq} is no open incident 这条警情已处理或不存在")

    def confirm(self, seq: int, said: str | None, by: str) -> int:
        """Transcribe the over an event is based on; returns the number of the new event."""
        return self.feed.journal.enter(confirmation(self.feed.journal, seq, said, by))

    def transcribe(self, seq: int, said: str | None, by: str) -> tuple[int, int | None]:
        """Transcribe the over an event is based on, and correct the event if the words mean something else; returns the
        numbers of the new events."""
        confirmed = self.confirm(seq, said, by)
        follows = following(self.feed.journal, self.net, seq, said, by) if said else None
        return confirmed, self.feed.journal.enter(follows) if follows else None

    def undo(self, seq: int, by: str, note: str = "") -> int:
        """Withdraw a correction, confirmation or acknowledgement; returns the number of the new event."""
        return self.feed.journal.enter(undoing(self.feed.journal, seq, by, note))

    @property
    def roster(self) -> RosterTable:
        """The file in its current version."""
        return read_roster_table(self.net.folder / self.net.settings.roster)

    def save_roster(self, rows: Sequence[RosterRow], sha256: str, by: str) -> tuple[RosterTable, list[Problem]]:
        """Write the roster read as ``sha256``; nothing is written if it has errors. The journal records the user.
        Raises RosterChanged."""
        if self.net.folder == sample_net():
            raise HuyingError("this is the sample net; copy its folder and name the copy with --net 示例网不能修改")
        with self._saving:
            before = self.roster
            folder = self.net.folder
            table, problems = save_roster_table(before.path, sha256, rows, lambda new: check_net(folder, new)[1])
            if problems or table.sha256 == sha256:
                return table, problems
            net, problems = check_net(self.net.folder)
            if net is not None:
                self.net = net
            note = f"{len(before.cells)} → {len(table.cells)} units"
            self.feed.journal.enter(
                NetEdited(file=table.path.name, sha256=table.sha256, replaced=sha256, by=by, note=note)
            )
            return table, problems

    def save_settings(self, section: str, values: Mapping[str, str | bool | float], by: str) -> None:
        """Change some of the net's settings and apply them; a station started by the console is restarted. Changes
        that would make the net unusable are reverted. Raises HuyingError."""
        if self.net.folder == sample_net():
            raise HuyingError("this is the sample net; copy its folder and name the copy with --net 示例网不能修改")
        with self._saving:
            path = self.net.folder / "net.toml"
            before = path.read_bytes()
            write_settings(path, section, values)
            net, problems = check_net(self.net.folder)
            if net is None:
                path.write_bytes(before)
                raise HuyingError("; ".join(f"{p.what} → {p.fix}" for p in problems))
            self.net = net
            old, new = (hashlib.sha256(b).hexdigest() for b in (before, path.read_bytes()))
            note = ", ".join(values)
            self.feed.journal.enter(NetEdited(file=path.name, sha256=new, replaced=old, by=by, note=note))
        if self.keeper is not None:
            self.keeper.restart()

    def neighbours(self, unit: str) -> tuple[str, ...]:
        """Ids of a unit's neighbours on the roster."""
        one = self.net.unit(unit)
        return tuple(u for u in with_neighbours(self.net, (unit,)) if u != unit) if one and one.neighbours else ()

    def propose(self, text: str, meaning: str) -> Proposal:
        """Examine a phrase typed by a person. Raises HuyingError if it cannot be learned."""
        if self.net.folder == sample_net():
            raise HuyingError("this is the sample net; copy its folder and name the copy with --net 示例网不能修改")
        return propose(self._with_phrases(), text, meaning)

    def _with_phrases(self) -> Net:
        """The net with the phrases and places of its files, which others may have changed; those that cannot be read
        change nothing."""
        with self._saving, contextlib.suppress(OSError):
            if not all(map(stands, changed_files(self.net))):
                net, problems = check_net(self.net.folder, standing=self.net)
                if net is not None and not problems:
                    self.net = net
        return self.net

    def cost(self, found: Proposal) -> Cost:
        """The latest overs in which the phrase would be recognised. Takes some seconds; one call at a time."""
        with self._rehearsing:
            return cost_of(self.net, self.feed.journal, found, REHEARSED)

    @property
    def learned(self) -> dict[str, str]:
        """Phrase → meaning of everything the net has learned."""
        return learned(self.net)

    def learn(self, text: str, meaning: str, by: str) -> Proposal:
        """Add a typed phrase to the net. Raises HuyingError if that is impossible or it sounds like a call sign."""
        with self._saving:
            found = self.propose(text, meaning)
            if found.alike:
                raise HuyingError(f"“{found.text}” sounds like the call sign {found.alike[0][0]} 与呼号音近, 不能学")
            self._learned(learn(self.net, found, by), f"+{found.text} = {found.meaning}", by)
            return found

    def forget(self, text: str, by: str) -> None:
        """Remove a learned phrase."""
        with self._saving:
            self._learned(forget(self.net, text), f"-{text}", by)

    def _learned(self, change: Change, note: str, by: str) -> None:
        self.net = change.net
        self.feed.journal.enter(
            NetEdited(file=change.path.name, sha256=change.sha256, replaced=change.replaced, by=by, note=note)
        )

    def reading(self, text: str, own: str) -> tuple[str, list[tuple[str, float]]]:
        """Reading of a call sign, and similar-sounding ones. Raises HuyingError if it has no reading."""
        try:
            said = self.net.readings.read(text)
        except CannotBeRead as e:
            raise HuyingError(f"{e}; {e.mend}") from e
        near = alike(tuple(place[0] for place in plain(said[0])), self.net.lexicon.entries, own)
        return " ".join(place[0] for place in said[0]), [(e.text, d) for e, d in near]

    def speech(self, text: str) -> bytes:
        """The text in the net's voice: a WAV file."""
        if not text.strip() or len(text) > LONGEST_SPEECH:
            raise HuyingError(f"1 to {LONGEST_SPEECH} characters can be said")
        if self._synthesiser is None:
            self._synthesiser = Synthesiser(cache_folder() / "speech")
        if self._speaker is None or self._speaker[0] is not self.net:
            self._speaker = (self.net, Announcer(self.net, self._synthesiser))
        out = io.BytesIO()
        try:
            sf.write(out, self._speaker[1].say(text), RATE, format="WAV")
        except CannotBeRead as e:
            raise HuyingError(f"{e}; {e.mend}") from e
        return out.getvalue()

    def candidates(self, seq: int) -> list[Candidate]:
        """Alternatives for the over of an event, likeliest first. Loads the model at the first call."""
        found = over_of(self.feed.journal, seq)
        if found is None or not found[1].clip:
            raise HuyingError(f"event {seq}: no clip of its over was kept")
        pcm = self.feed.journal.clips.get(found[1].clip)
        with self._hearing:
            net = self._with_phrases()
            if self._ear is None or self._ear.net.settings != net.settings:
                self._ear = open_ear(net)
            elif self._ear.net is not net:
                self._ear = reopened(self._ear, net, cache_folder())
            return candidates(self._ear, pcm)

    def meaning_of(self, phrase: str) -> str:
        """Meaning of a phrase by itself; empty if it is only part of one."""
        return next((t.meaning for t in self.net.lexicon.templates if t.pieces == (phrase,)), "")

    def meaning_in(self, words: str) -> str:
        """Meaning of some words as the net understands them; empty if there is none that a person may choose."""
        return meaning_in(self._with_phrases(), words)

    def close(self) -> None:
        """The console ends."""
        self.feed.close()
        if self._speaker is not None:
            self._speaker[1].close()
        if self._synthesiser is not None:
            self._synthesiser.close()

    def heading(self, by: str = "", english: bool = False) -> Heading:
        """Heading of roll sheets; ``by``: the requesting user is the duty officer."""
        return Heading.of(self.net, self.feed.journal.head, "" if by == LOCAL.name else by, english)

    def reader(self) -> Reader:
        """Reader of the net's events, with names and local times."""
        return Reader(self.net.name_of, self.net.settings.zone)

    def enter_net(self, began: str, results: Sequence[tuple[str, str, str]], by: str, note: str = "") -> int:
        """Log a net that was not recorded; returns the number of the event."""
        moment = self.utc(began)
        if not began or moment is None or not results:
            raise HuyingError("a net entered by hand has a time and at least one unit 请填时间和至少一个单位")
        if datetime.fromisoformat(moment) > datetime.now(UTC):
            raise HuyingError(f"{began} has not come yet 时间还没到")
        for unit, result, meaning in results:
            if self.net.unit(unit) is None or result not in RESULTS or meaning not in ("", *MEANINGS):
                known = ", ".join(RESULTS)
                raise HuyingError(f"{unit!r} {result!r} {meaning!r}: a unit of the roster, one of {known}, a meaning")
        fact = NetEntered(began=moment, by=by, results=tuple(results), note=note)
        return self.feed.journal.enter(fact)

    def sheet(self, since: str | None, until: str | None) -> list[Session]:
        """Sessions in a period with their exchanges."""
        return sessions_between(self.feed.journal, self.utc(since), self.utc(until))

    def week(self) -> tuple[str, list[Column]]:
        """Beginning of the week that ends with the latest event, UTC, and its roll-calls. Read once for all cards that
        are opened before the next event."""
        feed = self.feed
        with self._reading:
            if self._week is None or self._week[0] != feed.seq:
                seq, latest = feed.seq, feed.lines[-1]["wall"] if feed.lines else datetime.now(UTC).isoformat()
                since = wall_time(datetime.fromisoformat(latest) - timedelta(days=WEEK_DAYS), 0)
                self._week = seq, since, columns(self.sheet(since, None))
            return self._week[1:]

    def utc(self, text: str | None) -> str | None:
        """A time entered by a user, in the net's time zone, → UTC. Raises HuyingError."""
        return utc(text, self.net.settings.zone)
