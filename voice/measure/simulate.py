"""Scenario → recording with label file: synthetic voices through the radio-channel simulator.

The labels are the log of a perfect recogniser that knows the speakers: the words as written pass through the same
interpreter and net logic, with true times and no ambiguity about the speaker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import soxr

from voice.errors import HuyingError
from voice.grammar.interpreter import Interpreter
from voice.grammar.lexicon import FILLER
from voice.grammar.message import Message
from voice.mandarin.readings import PAUSE as PAUSE_MARKS
from voice.measure.actors import Actors
from voice.measure.channel import SPEECH_RMS, Channel, Samples, gap, heterodyne, hiss, to_receiver, transmit
from voice.measure.scenario import ChannelPart, Scenario, Speech, check_words, find_unit
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.speech.hypothesis import Hypothesis, Word
from voice.talk.decide import decide
from voice.talk.events import Ended, Heard, Rules, Tick
from voice.talk.evolve import evolve
from voice.talk.facts import Fact, OverHeard
from voice.talk.state import NetState

OPUS_COMPRESSION = 0.95
"""Compression level of libsndfile, 0 to 1: about 15 kbit/s for narrow-band speech."""

PAUSES_S = (0.8, 2.5)
"""Range of the random pause before an over without ``after``."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Ground truth of one over: times in seconds of the recording."""

    start: float
    end: float
    """Carrier drop; the squelch tail follows."""
    speech_start: float
    speech_end: float
    speakers: tuple[str, ...]
    """``control`` or unit ids."""
    words: tuple[str, ...]

    @property
    def doubled(self) -> bool:
        return len(self.words) > 1


def simulate(
    net: Net, scenario: Scenario, actors: Actors, progress: Callable[[int, int], None] = lambda _k, _n: None
) -> tuple[Pcm16, list[Spoken]]:
    """The recording and the ground truth of its overs. Raises HuyingError for unknown units and unreadable words."""
    check_words(net, scenario)
    rng = np.random.default_rng(scenario.seed)
    base = _channel(scenario.channel)
    parts: list[Samples] = [gap(1.0, base, rng)]
    at = RATE
    truth: list[Spoken] = []
    for k, step in enumerate(scenario.overs):
        progress(k, len(scenario.overs))
        if not step.speakers:
            x = gap(step.pause, base, rng) if step.pause is not None else hiss_of(step.noise or 0.0, rng)
            parts.append(x)
            at += len(x)
            continue
        first = step.speakers[0]
        wait = first.after if first.after is not None else float(rng.uniform(*PAUSES_S))
        parts.append(gap(wait, base, rng))
        at += len(parts[-1])
        sent = [_send(net, s, actors, base, rng) for s in step.speakers]
        x, begin, end, up = sent[0]
        if len(sent) > 1:
            late = round(step.speakers[1].offset * RATE)
            x = heterodyne(x, np.concatenate([np.zeros(late), sent[1][0]]), rng)
            begin, end = min(begin, sent[1][1] + late / RATE), max(end, sent[1][2] + late / RATE)
            up = max(up, sent[1][3] + late / RATE)
        parts.append(x)
        who = tuple("control" if s.unit is None else find_unit(net, s.unit).id for s in step.speakers)
        t = at / RATE
        truth.append(Spoken(t, t + up, t + begin, t + end, who, tuple(s.words for s in step.speakers)))
        at += len(x)
    parts.append(gap(net.settings.timing.answer_timeout_s + 2.0, base, rng))
    progress(len(scenario.overs), len(scenario.overs))
    return to_receiver(np.concatenate(parts)), truth


def hiss_of(seconds: float, rng: np.random.Generator) -> Samples:
    """Open-squelch noise."""
    return hiss(round(seconds * RATE), rng) * SPEECH_RMS * 1.2


def _channel(part: ChannelPart) -> Channel:
    return Channel(part.snr, part.squelch, part.tail, part.lead, part.onset_cut, part.limiter)


def _send(
    net: Net, s: Speech, actors: Actors, base: Channel, rng: np.random.Generator
) -> tuple[Samples, float, float, float]:
    """(received samples, start and end of the speech, carrier drop) of one station's over."""
    number = None
    if s.unit is not None:
        unit = find_unit(net, s.unit)
        number = next(k for k, u in enumerate(net.units) if u.id == unit.id)
    samples, rate = actors.say(number, s)
    speech = soxr.resample(samples.astype(np.float64), rate, RATE)
    own = {"snr_db": s.snr, "tail_s": s.tail, "lead_s": s.lead, "onset_cut_s": s.onset_cut}
    channel = base.with_(**{k: v for k, v in own.items() if v is not None})
    x, begin, end = transmit(speech, channel, rng)
    return x, begin, end, len(x) / RATE - channel.tail_s


class PerfectEar:
    """Converts written words into the hypothesis of flawless recognition."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._interpreter = Interpreter(net.lexicon)

    def hypothesis(self, text: str, start: float, end: float) -> Hypothesis:
        """Longest entries first; uncovered text becomes filler syllables. Times are evenly spaced, a comma is a
        pause."""
        found: list[tuple[str, int]] = []
        for part in [p for p in PAUSE_MARKS.split(text) if p]:
            found += [("", 2)] * bool(found)
            for known, row in groupby(self._net.lexicon.parts(part), lambda p: p[1] is not None):
                if known:
                    found += [(entry.symbol, entry.syllables) for _, entry in row if entry]
                else:
                    said = "".join(text for text, _ in row)
                    found += [(FILLER + s[:-1], 1) for s in self._net.readings.spoken(said, talk=True)]
        step = (end - start) / max(sum(n for _, n in found), 1)
        words, at = [], start
        for symbol, n in found:
            if symbol:
                words.append(Word(symbol, at, at + n * step, 1.0))
            at += n * step
        return Hypothesis(tuple(words))

    def message(self, text: str, start: float = 0.0, end: float = 1.0, awaiting: bool = True) -> Message:
        """What the words mean. Raises CannotBeRead."""
        return self._interpreter.interpret(self.hypothesis(text, start, end), awaiting=awaiting)

    def heard(self, number: int, s: Spoken, awaiting: bool = True) -> Heard:
        """The over as input for the net logic. Doubled voices are not understood."""
        message = Message((), ()) if s.doubled else self.message(s.words[0], s.speech_start, s.speech_end, awaiting)
        return Heard(number, s.start, s.end, s.speech_start, s.speech_end, message, s.doubled)


def meant(m: Message, speaker: str) -> Message:
    """The message with the ambiguity of the words resolved by the known speaker: a unit's call sign with free words
    is an answer from the unit, a call from net control."""
    if speaker == "control":
        unsure = m.unsure or m.presumed
        return replace(m, speaker="control", unsure=False, weak=False, presumed=False) if unsure else m
    if m.callees == (speaker,) and m.caller is None and (m.unsure or m.speaker == "control"):
        return replace(m, speaker="unit", caller=speaker, callees=(), unsure=False, weak=False, presumed=False)
    return m


def perfect_log(net: Net, truth: list[Spoken], duration: float) -> Iterator[tuple[Fact, tuple[str, ...]]]:
    """Facts logged by a perfect recogniser, each with the true speakers of its over."""
    timing = net.settings.timing
    rules = Rules(timing.answer_timeout_s, timing.late_window_s)
    state = NetState(units=tuple(u.id for u in net.units))
    ear = PerfectEar(net)
    for k, s in enumerate(truth, 1):
        h = ear.heard(k, s)
        h = replace(h, message=meant(h.message, s.speakers[0]))
        silent = decide(state, Tick(s.start), rules)
        for fact in silent:
            state = evolve(state, fact, rules.answer_timeout_s)
            yield fact, ()
        m = h.message
        over = OverHeard(
            t=s.start,
            over=k,
            start=s.start,
            end=s.end,
            speech_start=s.speech_start,
            speech_end=s.speech_end,
            clip="",
            level_db=0.0,
            outcome="understood" if m.understood else "unclear",
            speaker=m.speaker,
            callees=m.callees,
            caller=m.caller,
            to_all=m.to_all,
            meanings=m.meanings(),
            text=m.text,
            pinyin=m.pinyin,
            confidence=m.confidence,
            doubled=s.doubled,
        )
        state = evolve(state, over, rules.answer_timeout_s)
        for fact in decide(state, h, rules):
            state = evolve(state, fact, rules.answer_timeout_s)
            yield fact, s.speakers
    for last in (Tick(duration), Ended(duration)):
        for fact in decide(state, last, rules):
            state = evolve(state, fact, rules.answer_timeout_s)
            yield fact, ()


def write_recording(path: Path, pcm: Pcm16, scenario: Scenario) -> None:
    """FLAC, WAV, OGG or Opus by suffix; the start time is written to the metadata."""
    import soundfile as sf

    try:
        opus = (
            {"format": "OGG", "subtype": "OPUS", "compression_level": OPUS_COMPRESSION}
            if path.suffix == ".opus"
            else {}
        )
        with sf.SoundFile(str(path), "w", RATE, 1, **opus) as f:
            f.date = scenario.start.isoformat()
            f.write(pcm)
    except (sf.LibsndfileError, TypeError, OSError, ValueError) as e:
        raise HuyingError(f"{path}: cannot be written ({e}); use a .flac, .wav, .ogg or .opus name") from e


def label_path(recording: Path) -> Path:
    """Label file of a recording, beside it: ``rec.flac`` → ``rec.labels.json``."""
    return recording.with_suffix(".labels.json")
