"""The station's voice: recorded prompts where available, the net's synthetic voice otherwise."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soxr

from voice.errors import HuyingError
from voice.mandarin.numerals import CannotBeRead, for_the_air
from voice.mandarin.readings import PAUSE
from voice.mandarin.words import in_words, words
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16, to_pcm16
from voice.places import cache_folder
from voice.radio.transmitter import Piece, levelled
from voice.speech.synthesiser import Synthesiser
from voice.speech.voices import WORD, Choice, open_voice
from voice.station.prompts import open_prompts

GAP_S = 0.2
"""Gap around a recorded prompt."""

MARKS = ("[。!?！？;；]", "[,，、:：]")
"""Where an over-long announcement is split: preferably after a sentence, else after a clause."""

LEVEL_DB = -12.0
"""Level of each piece before joining, so that prompts and synthesis are equally loud."""

BRIEF_TEMPO = 1.3
"""Minimum tempo of ``[rollcall] style = "brief"``: the upper end of ``[voice] tempo``. With espeak-ng a call takes 3
s with lead-in and tail, a roll of 40 units that answer at once under five minutes (``bench-net``)."""

LENGTHS = (4, 6, 10)
"""Characters of the first, second and any later part of an announcement given to a slow voice. Only the first is waited
for; each is rendered while the one before is on the air."""

SHORTEST = 3
"""A remainder shorter than this stays with the preceding part."""

LONGEST_OWN = 4
"""Longest phrase of the net, in characters, kept together as one word."""


class Unreadable(HuyingError):
    """No reading exists for this text: it can never be spoken."""


class Announcer:
    """Text to PCM in the net's voice."""

    def __init__(self, net: Net, synthesiser: Synthesiser, tell: Callable[[str], None] = lambda _t: None) -> None:
        """``tell`` is called once if another voice than the configured one is used, and for a prompt that cannot be
        played. Raises HuyingError for an unknown speaker name: the engine would silently use another."""
        self._net = net
        v = net.settings.voice
        try:
            tempo = max(v.tempo, BRIEF_TEMPO) if net.settings.rollcall.style == "brief" else v.tempo
            choice = Choice(v.engine, v.speaker, tempo, v.rate, v.pitch, v.variant)
            self.voice = open_voice(choice, synthesiser, cache_folder() / "speech", tell)
        except HuyingError as e:
            raise HuyingError(f"{net.folder / 'net.toml'}: {e}") from e
        folder = net.settings.station.prompts
        self._prompts, self._tell = open_prompts(net.folder / folder if folder else None), tell
        self._damaged: set[str] = set()
        """Prompts that could not be played; told once."""
        self._ahead = ThreadPoolExecutor(1, "voice")
        """Makes the pieces of an announcement while the first is on the air."""
        self._own = {e.text for e in net.lexicon.entries if len(e.text) <= LONGEST_OWN}
        self._ended = threading.Event()
        self._preparing: threading.Thread | None = None

    def say(self, text: str) -> Pcm16:
        """PCM at 8000 Hz. Raises Unreadable or SpeechError."""
        made = [piece() for piece in self._pieces(text)]
        return np.concatenate(made) if made else np.zeros(0, np.int16)

    def pieces(self, text: str, longest_s: float) -> list[Piece]:
        """Result of ``say`` in pieces that can go on the air one by one, each at most ``longest_s``. Raises
        Unreadable at once."""
        if self.voice.by_clause:
            return [self._ahead.submit(piece).result for piece in self._pieces(text)]
        return [lambda part=part: part for part in self.parts(text, longest_s)]  # type: ignore[misc]

    def parts(self, text: str, longest_s: float) -> list[Pcm16]:
        """Result of ``say`` split into transmissions of at most ``longest_s``, at the end of a sentence or clause."""
        whole = self.say(text)
        if len(whole) <= longest_s * RATE or len(text) < 2:
            return [whole]
        middle = len(text) // 2
        near = [m.end() for marks in MARKS for m in re.finditer(marks, text) if abs(m.end() - middle) <= len(text) / 4]
        cut = near[0] if near else middle
        return self.parts(text[:cut], longest_s) + self.parts(text[cut:], longest_s)

    def prepare(self, texts: Iterable[str]) -> None:
        """Render predictable announcements in the background, clause by clause, so that an announcement waits for at
        most one clause. A fast voice needs no preparation."""
        if not self.voice.by_clause or self._preparing is not None:
            return

        def work() -> None:
            for text in texts:
                try:
                    for piece in self._pieces(text):
                        if self._ended.is_set():
                            return
                        piece()
                except HuyingError:
                    continue  # reported when it is to be spoken

        self._preparing = threading.Thread(target=work, name="voice ahead", daemon=True)
        self._preparing.start()

    def close(self) -> None:
        """The station is stopping."""
        self._ended.set()
        self._ahead.shutdown(wait=False, cancel_futures=True)
        self.voice.close()

    def _pieces(self, text: str) -> list[Piece]:
        """Together they form the announcement; each is rendered when called."""
        found: list[tuple[bool, str]] = []
        try:
            spoken = for_the_air(text)
        except CannotBeRead as e:
            raise Unreadable(str(e)) from e
        for part, mark in _marked(spoken):
            if part in self._prompts:
                found.append((True, part))
            elif self.voice.by_clause:
                found += [(False, clause) for clause in self._clauses(part, _mark(mark), len(found))]
            elif found and not found[-1][0]:
                found[-1] = (False, f"{found[-1][1]},{part}")
            else:
                found.append((False, part))
        pieces: list[Piece] = []
        gap = np.zeros(round(GAP_S * RATE), np.int16)
        for k, (recorded, part) in enumerate(found):
            last = k == len(found) - 1
            after = gap[:0] if last or (self.voice.by_clause and not recorded) else gap
            pieces.append(self._recorded(part, after) if recorded else self._spoken(part, after))
        return pieces

    def _recorded(self, text: str, after: Pcm16) -> Piece:
        def made() -> Pcm16:
            try:
                return np.concatenate([levelled(self._prompts.say(text), LEVEL_DB), after])
            except HuyingError as e:  # nobody's call may wait for a damaged file
                if text not in self._damaged:
                    self._damaged.add(text)
                    self._tell(f"the voice says it instead 改由合成语音播报: {e}")
                return self._spoken(text, after)()

        return made

    def _spoken(self, text: str, after: Pcm16) -> Piece:
        try:
            syllables = self._by_clause(text) if self.voice.by_clause else self._net.spell(text)
        except CannotBeRead as e:
            raise Unreadable(f"{e} in “{text}”; write it in Chinese characters, digits and letters") from e

        def made() -> Pcm16:
            samples, rate = self.voice.say(text, syllables)
            pcm = to_pcm16(np.asarray(samples if rate == RATE else soxr.resample(samples, rate, RATE)))
            return np.concatenate([levelled(pcm, LEVEL_DB), after])

        return made

    def _clauses(self, text: str, mark: str, before: int) -> list[str]:
        """A clause and its mark, ``before`` parts behind the beginning; a long one is split at word boundaries."""
        parts = [""]
        for word in words(text, self._is_word):
            longest = LENGTHS[min(before + len(parts), len(LENGTHS)) - 1]
            if parts[-1] and len(parts[-1]) + len(word) > longest:
                parts.append("")
            parts[-1] += word
        if len(parts) > 1 and len(parts[-1]) < SHORTEST:
            parts[-2:] = [parts[-2] + parts[-1]]
        return [*parts[:-1], parts[-1] + mark]

    def _by_clause(self, text: str) -> list[str]:
        """Words and the final mark."""
        said, mark = (text[:-1], [text[-1]]) if text[-1] in ",.?" else (text, [])
        rows = in_words(said, self._net.syllables(said), self._is_word)
        return [s for row in rows for s in (*row, WORD)][:-1] + mark

    def _is_word(self, text: str) -> bool:
        from pypinyin.constants import PHRASES_DICT

        return text in PHRASES_DICT or text in self._own


def _marked(text: str) -> list[tuple[str, str]]:
    """Clauses, each with the marks that follow it."""
    found = re.split(f"({PAUSE.pattern})", text)
    return [(part, mark) for part, mark in zip(found[::2], [*found[1::2], ""], strict=True) if part]


def _mark(text: str) -> str:
    """Intonation of a clause from the marks that follow it: ``,``, ``.`` or ``?``."""
    return "?" if re.search("[?？]", text) else "." if re.search("[。.!！;；…]", text) or not text.strip() else ","
