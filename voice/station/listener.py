"""Listens to one channel: frames in, journal events out.

The whole chain: carrier gate → recogniser (streaming during the over) → interpreter (verified against the acoustics) →
net logic → journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import numpy as np

import voice
from voice.audio.source import AudioSource, Recording
from voice.errors import Unwritable
from voice.journal.event import Event
from voice.journal.store import Journal
from voice.pcm import RATE, Floats, Frame
from voice.radio.bursts import Burst, find_bursts
from voice.radio.carrier import Audio, CarrierGate, Closed, Opened, Pop
from voice.radio.doubling import heterodyne_s
from voice.radio.over import Over
from voice.speech.hypothesis import Hypothesis
from voice.speech.recogniser import OverStream
from voice.speech.vad import Span, speech_spans
from voice.station.channel_notes import FRAME_S, channel_notes
from voice.station.ear import Ear
from voice.station.logbook import Logbook
from voice.station.scribe import Transcripts
from voice.station.speakers import Speakers
from voice.station.two_pass import TwoPassStream
from voice.talk.decide import decide
from voice.talk.events import Ended, Heard, Rules, Tick
from voice.talk.evolve import evolve
from voice.talk.facts import Fact, OverHeard, SessionBegan, SessionEnded


def _speech(over: Over, hypothesis: Hypothesis, spans: list[Span]) -> Span:
    """Start and end of speech on the sample clock. The recogniser separates words from the noise of a weak carrier,
    the voice activity detector does not, so the latter is used only if no word was found."""
    if hypothesis.words:
        first, last = hypothesis.words[0], hypothesis.words[-1]
        begin, end = first.start, last.end
        before = [s for s in spans if s[0] < (last.start + last.end) / 2]
        after = [s for s in spans if s[1] > (first.start + first.end) / 2]
        if before and after:  # both must detect speech: a word may extend into the surrounding noise
            begin, end = max(begin, min(after[0][0], first.end)), min(end, max(before[-1][1], last.start))
    elif spans:
        begin, end = spans[0][0], spans[-1][1]
    else:
        return over.start, over.end
    return round(over.clip_start + begin, 3), round(over.clip_start + end, 3)


class Listener:
    """Logs one source into a journal."""

    def __init__(
        self,
        ear: Ear,
        journal: Journal,
        on_event: Callable[[Event, Fact], None] = lambda _e, _f: None,
        channel: str = "",
        identify: Callable[[Over], list[Burst]] = lambda over: find_bursts(over.pcm),
        wait: Callable[[Unwritable], bool] = lambda _e: False,
        clear: bool = False,
    ) -> None:
        """``channel``: its name in the journal, if there are several. ``identify``: identity sent by a radio within
        an over. ``wait``: called while the journal cannot be written; returns true to retry, false to raise. A live
        source buffers audio in memory meanwhile. ``clear``: see CarrierGate."""
        self.ear = ear
        self._identify = identify
        timing = ear.net.settings.timing
        self.rules = Rules(timing.answer_timeout_s, timing.late_window_s, ear.net.settings.station.commands == "air")
        self.log = Logbook(journal, timing.answer_timeout_s, on_event, channel, wait)
        self.command_pending = False
        """A command was read back and waits: 取消 needs no call sign then."""
        self._clear = clear
        self._gate = CarrierGate(timing.hang_time_s, clear=clear)
        self._stream: OverStream | TwoPassStream | None = None
        self._expected = 0
        """Sample number of the next frame if nothing is missing."""
        self._power = self._clear_since = 0.0
        self._recent = np.zeros(0, np.int16)
        """The latest tenth of a second."""
        self.notes: tuple[str, ...] = ()
        """Of the session that has ended: what a person must know besides its events."""
        self._overs = 0
        self.latest = np.zeros(0, np.int16)
        """Sound of the latest over."""
        self._void = 0
        self._speakers = Speakers()
        self._transcripts = self._written_down(False)

    def listen(self, source: AudioSource, began: datetime | None = None) -> Iterator[float]:
        """Process ``source``; yields the time reached, in s, after every frame."""
        net = self.ear.net
        known = began or source.began
        self.log.open(known)
        self._gate = CarrierGate(net.settings.timing.hang_time_s, clear=self._clear)
        self._expected = 0
        self._speakers = Speakers()
        self._transcripts = self._written_down(isinstance(source, Recording))
        self.log.record(
            SessionBegan(
                t=0.0,
                source=source.name,
                net=net.settings.name,
                net_sha256=net.sha256,
                model=self.ear.model.path.name,
                model_sha256=self.ear.model.sha256,
                began=self.log.began,
                clock="known" if known else "unknown",
                units=tuple(u.id for u in net.units),
                version=voice.__version__,
                dictation=self.ear.dictation_sha256,
                recording=source.sha256 if isinstance(source, Recording) else "",
            )
        )
        now = 0.0
        for frame in source.frames():
            now = (frame.start + len(frame.pcm)) / RATE
            self._frame(frame, now)
            yield now
        for event in self._gate.finish():
            self._gate_event(event)
        now = max(now, self.log.latest)
        self._transcripts.finish(now)
        self.log.record(*decide(self.log.state, Tick(now, not self._gate.receiver_dead), self.rules))
        self.log.record(*decide(self.log.state, Ended(now), self.rules))
        counts, pops = self._gate.counts, self._gate.counts.pops + self._void
        self.notes = (
            *source.damage.notes, *dict.fromkeys(self.log.lost_clips), *channel_notes(counts, self._overs, pops),
        )  # fmt: skip
        self.log.record(
            SessionEnded(t=now, overs=self._overs, pops=pops, dead_s=counts.dead_frames * FRAME_S, damage=self.notes)
        )

    @property
    def reached(self) -> float:
        """Time reached, s on the sample clock."""
        return max(self.log.latest, self._expected / RATE)

    @property
    def busy(self) -> bool:
        """Somebody is transmitting, according to the carrier gate."""
        return self._gate.busy

    @property
    def clear_since(self) -> float:
        """When the last carrier, theirs or ours, dropped, on the sample clock."""
        return self._clear_since

    @property
    def level_db(self) -> float:
        """Level of the last 100 ms, dBFS."""
        return float(10 * np.log10(max(self._power, 1e-10)))

    @property
    def floor_db(self) -> float:
        """Carrier threshold, dBFS."""
        return self._gate.floor_db

    @property
    def squelch(self) -> Literal["closed", "open"]:
        """``open``: noise is heard between transmissions."""
        return "open" if self._gate.mode == "open" else "closed"

    @property
    def talking(self) -> tuple[str, str]:
        """During an over: (unit that is awaited and seems to be talking, partial text); empty if unknown. It may
        change and is not logged: only the over's event counts."""
        if self._stream is None:
            return "", ""
        known = self.ear.net.lexicon.by_symbol()
        heard = [known[s] for s in self._stream.so_far() if s in known]
        said = [e.key for e in heard if e.kind == "unit"]
        awaited = [e.unit for e in self.log.state.open_exchanges() if not e.to_all]
        who = said[0] if said and said[0] in awaited else awaited[-1] if awaited and not said else ""
        return who, " ".join(e.text for e in heard)

    @property
    def voice(self) -> bool:
        """The last 100 ms sound like speech; noise on a carrier occasionally does too."""
        return bool(speech_spans(self._recent, RATE))

    def _print_of(self, over: Over) -> Floats | None:
        return self.ear.voiceprint.of(over.pcm) if self.ear.voiceprint else None

    def _written_down(self, recorded: bool) -> Transcripts:
        return Transcripts(self.ear.scribe.engine if self.ear.scribe else "", recorded, self.log.record)

    def _frame(self, frame: Frame, now: float) -> None:
        if frame.start > self._expected:  # we transmitted, or audio was lost
            for event in self._gate.skip(frame.start - self._expected):
                self._gate_event(event)
            self._clear_since = frame.start / RATE
        self._expected = frame.start + len(frame.pcm)
        if self._stream is None:
            self.ear = self.ear.latest
        x = frame.pcm.astype(np.float32)
        self._power += 0.6 * (float(x @ x) / 32768**2 / max(1, len(x)) - self._power)
        self._recent = np.concatenate([self._recent[len(x) :], frame.pcm])[-RATE // 10 :]
        for event in self._gate.process(frame.pcm):
            self._gate_event(event)
        self._transcripts.take(now)
        if self._stream is None and any(e.deadline < now for e in self.log.state.open_exchanges()):
            self.log.record(*decide(self.log.state, Tick(now, not self._gate.receiver_dead), self.rules))

    def _gate_event(self, event: object) -> None:
        if isinstance(event, Closed | Pop):
            self._clear_since = event.over.end if isinstance(event, Closed) else event.end
        match event:
            case Opened():
                self._stream = self.ear.recogniser.stream()
            case Audio(pcm=pcm) if self._stream:
                self._stream.accept(pcm)
            case Closed(over=over) if self._stream:
                hypothesis = self._stream.finish()
                self._stream = None
                self._over(over, hypothesis)
            case _:
                self._stream = None

    def _over(self, over: Over, hypothesis: Hypothesis) -> None:
        expecting = self.log.state.expects(over.start, self.rules.late_window_s)
        awaiting = self.log.state.awaiting(over.start)
        guest = self.log.state.guest(over.start)
        awaited = (guest,) if guest else tuple(e.unit for e in self.log.state.awaited())
        message = self.ear.understand(over, hypothesis, expecting, awaiting=awaiting, awaited=awaited)
        if self.command_pending and not message.addressed:
            to_us = self.ear.understand(over, hypothesis, expecting, True)
            message = to_us if any(a.meaning == "cancel" for a in to_us.acts) else message
        spans = speech_spans(over.pcm, RATE)
        if not spans and not message.understood:
            self._void += 1  # a carrier without speech
            return
        self._overs += 1
        self.latest = over.pcm
        begin, end = _speech(over, hypothesis, spans)
        doubled = heterodyne_s(over.pcm) > 0
        self.log.record(*decide(self.log.state, Tick(over.start, not self._gate.receiver_dead), self.rules))
        bursts = self._identify(over)
        unit = next((u for b in bursts if (u := self.ear.net.by_ani(b.code)) is not None), None)
        voice = self._print_of(over) if not doubled and not message.parts else None
        heard = Heard(
            self._overs, over.start, over.end, begin, end, message, doubled, unit.id if unit else None,
            self._speakers.likeness(voice),
        )  # fmt: skip
        fact = OverHeard(
            t=over.start,
            over=self._overs,
            start=over.start,
            end=over.end,
            speech_start=heard.speech_start,
            speech_end=heard.speech_end,
            clip=self.log.keep(over.pcm, over.end),
            level_db=over.level_db,
            outcome="understood" if message.understood else "unclear",
            speaker=message.speaker,
            callees=message.callees,
            caller=message.caller,
            to_all=message.to_all,
            meanings=message.meanings(),
            text=message.text,
            pinyin=message.pinyin,
            confidence=message.confidence,
            doubled=doubled,
            hypothesis=tuple((w.symbol, w.start, w.end, w.confidence) for w in hypothesis.words),
            dictated=self.ear.dictate(over, message),
            identities=tuple(f"{b.system}:{b.code}" for b in bursts),
            identified=heard.identified,
        )
        facts = decide(evolve(self.log.state, fact, self.rules.answer_timeout_s), heard, self.rules)
        self.log.record(fact, *facts)
        self._speakers.learn(voice, facts)
        self._transcripts.follow(fact, lambda: self.ear.transcribe(over, message, hypothesis))
