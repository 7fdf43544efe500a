"""Speech recognition of one net: recogniser, verifier and interpreter. Loaded once, used for every channel and
recording."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby, islice, product
from pathlib import Path

from voice.errors import HuyingError
from voice.grammar.compiler import Costs, compile_graph
from voice.grammar.evidence import NONE, Evidence
from voice.grammar.free import FreeSpeech
from voice.grammar.interpreter import Interpreter
from voice.grammar.item_search import REHEARD_S
from voice.grammar.lexicon import FILLER, NOISE, Entry, Lexicon, pronunciations, sisters_of
from voice.grammar.message import Doubt, Message
from voice.grammar.search import FILE, Search, read
from voice.grammar.spoken_figures import CONFIDENCE, MARGIN, FigureSpeech, SpokenFigure
from voice.grammar.word_search import Spelling, WordSearch
from voice.mandarin.accents import states
from voice.mandarin.characters import COMMON
from voice.mandarin.readings import toneless
from voice.net.loading import Net
from voice.pcm import Floats
from voice.places import cache_folder, words_file
from voice.radio.over import Over
from voice.speech.acoustics import FRAME_S, AcousticModel, Acoustics, Network, load_acoustic_model, scores_of
from voice.speech.bigram import load_bigram, shares
from voice.speech.dictation import Dictation, grammar_of
from voice.speech.encoder import EncodedAcoustics, load_encoder
from voice.speech.goodness import (
    BESIDE_S,
    Calibration,
    Frames,
    Goodness,
    States,
    frames_of,
    goodness,
    row_ratios,
    syllable_frames,
)
from voice.speech.hypothesis import Hypothesis, Word
from voice.speech.mixture import Mixture
from voice.speech.models import ModelFolder, check_model, find_model, models_folder
from voice.speech.packages import is_packaged, packaged
from voice.speech.recogniser import Recogniser, assemble, open_stock
from voice.speech.voiceprint import Voiceprint, check_voiceprint
from voice.speech.whisper import Transcript, alone
from voice.speech.word_model import WordModel, extended
from voice.speech.word_model import read as read_words
from voice.station.choice import Chooser
from voice.station.scribe import AUTO, OFF, OWN, Choose, OwnScribe, Scribe
from voice.station.two_pass import TwoPass

DICTATED_SYLLABLES = 4
"""Overs with at least this much free speech are dictated, as are all that were not understood."""

FREE_SYLLABLE = 1.5
"""Cost of a syllable in that search. On the recipe's tuning people at 20 dB 0.31 of the syllables are wrong, with a
cost of 2.5 0.34."""

OWN_WORD = -8.0
"""Natural logarithm of the chance of each of the net's names and phrases among all words."""

SIGNS = ("unit", "control", "assistant")
"""Kinds of entries that are call signs."""

MAX_PRONUNCIATIONS = 8
"""Pronunciations per entry tried in verification."""

MOST_SISTERS = 3
"""Phrases tried in a row for a likelier sister."""

LIKELIER, UNLIKELIER = 2.0, 4.0
"""Where a long phrase differs from others its word is doubtful if it is not so much likelier than theirs, or so much
less likely than syllables of no phrase (log likelihood ratios, in the scores that are weighed for text). Tuning voices
described clothes in reports at 20 and 10 dB: 146 of 157 phrases that were said have no mark, 11 of 52 that were not; in
the scores by which phrases are found 130 and 12, with a margin of 3 122 and 10."""

REFUTED = 8.0
"""Where it is so much less likely than syllables of no phrase, something else was said: 门口有人推销, not 门口有人打架.
Tuning voices said 33 phrases and 33 rows with a word of no phrase in its place at 20 and 10 dB: 50 of 132 such rows
passed all other checks, 25 of these are below; of 125 phrases that were said none. (Weights since: 18 of 41, none of
126.)"""


MOST_AWAITED = 3
"""Units that are awaited at once whose call signs are looked for; among many, one will do for anything."""

SIGNED = -3.0
"""Log likelihood ratio to any syllables from which a row is the call sign of an awaited unit. Of 21 short call signs
that tuning voices said alone 21 / 20 / 20 / 17 are understood in their unit's slot (clean / 20 / 10 / 5 dB), without
this 17 / 16 / 16 / 12; of what else they said and nobody understood 0.5 % would pass for a given unit's call sign at 20
and at 10 dB, 1.2 % at 5 dB."""


ANOTHER = -1.25
"""Log likelihood ratio to any syllable, in those scores, below which a syllable of a figure may be another one. Tuning
voices said 72 figures at 20 and 10 dB: of those found 76 of 83 right ones are sure and 10 of 22 with a wrong syllable;
of 8 heard in 13 minutes of people's sentences 4 are."""


class Verifier:
    """Confidence that an entry was really said, from the acoustics of the whole over."""

    def __init__(
        self, calibration: Calibration, accent: str, tones: bool, entries: Iterable[Entry] = (),
        shares: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """``entries``: among which phrases have sisters. ``shares``: ``bigram.shares``."""
        self._sisters, self._shares = sisters_of(entries), shares or {}
        self._calibration = calibration
        self._accent = accent
        self._tones = tones
        self._states: dict[str, list[tuple[States, tuple[int, ...]]]] = {}

    def of_frames(
        self, frames: Frames, words: Sequence[Word], known: Mapping[str, Entry] | None = None, threshold: float = 0.0
    ) -> Callable[[Entry, float, float], float]:
        """Score function for one over in which the graph recognised these words. Of words that are ``known`` those
        below ``threshold`` count as free speech beside others: the graph covers foreign speech with phrases, too, and
        what is not believed explains nothing. Not so beside the same word, said twice; and behind a call sign with
        nothing unknown before it a phrase may be followed by anything, as may the assistant's call sign and the order
        behind it."""
        aligned = cache(partial(self._aligned, frames))

        def among(row: Sequence[Word], entry: Entry, start: float, end: float) -> float:
            return round(self._calibration.confidence(_beside(aligned(entry, start, end), row, start, end)), 4)

        doubted = {
            w: e for w in words
            if (e := (known or {}).get(w.symbol)) is not None and among(words, e, w.start, w.end) < threshold
        }  # fmt: skip
        signs = {symbol: e.kind for symbol, e in (known or {}).items() if e.kind in SIGNS}

        def score(entry: Entry, start: float, end: float) -> float:
            row = [_as_free(w) if w in doubted and doubted[w].key != entry.key else w for w in words]
            before = next((w for w in reversed(row) if w.end <= start + 0.01), None)
            signed = entry.kind in SIGNS or (before is not None and before.symbol in signs)
            leads = signed and not unexplained(row, start - BESIDE_S, start)
            if leads:  # an order, or the dispatcher's own words, may follow the assistant's sign and what follows that
                order = "assistant" in (entry.kind, signs.get(before.symbol) if before else None)
                row = [w for w in words if w.start < end - 0.01] if order else list(words)
            return among(row, entry, start, end)

        return score

    def goodness(self, frames: Frames, words: Sequence[Word], entry: Entry, start: float, end: float) -> Goodness:
        """Score of the best pronunciation."""
        return _beside(self._aligned(frames, entry, start, end), words, start, end)

    def doubt(self, frames: Frames, entry: Entry, start: float, end: float) -> tuple[Entry, Doubt]:
        """The likeliest of a phrase and its sisters, and whether anything else was said where it differs from them:
        one of them, or syllables of no phrase. The rest of a long phrase bears out words that nobody said."""
        said = entry
        for _ in range(MOST_SISTERS):
            likelier, doubt = self._against_sisters(frames, said, start, end)
            if likelier is said:
                break
            said = likelier
        return said, doubt

    def _against_sisters(self, frames: Frames, entry: Entry, start: float, end: float) -> tuple[Entry, Doubt]:
        """A sister that is likelier, or the phrase itself; and whether that may not have been said."""
        sisters = self._sisters.get(entry.symbol)
        if not sisters:
            return entry, Doubt.NONE
        best = max(self._first_reading(entry), key=lambda r: goodness(*frames, r[0], r[1], start, end).mean)
        at = syllable_frames(frames[0], *best, start, end)
        found = Doubt.NONE
        for (first, last), others in sisters.items() if at else ():
            a, b = max(0, at[first][0] - 1), min(len(frames[0]), at[last - 1][1] + 1)
            rivals = (entry, *others)
            parts = [[_part(r, first, last) for r in self._first_reading(e)] for e in rivals]
            ratios = iter(row_ratios(frames[0], [r for rows in parts for r in rows], a, b))
            borne = [max(islice(ratios, len(rows))) for rows in parts]
            own, *theirs = (r - self._readily(e, first, last) for r, e in zip(borne, rivals, strict=True))
            if max(theirs) > own:
                return others[theirs.index(max(theirs))], Doubt.ANOTHER
            if borne[0] < -REFUTED:
                return entry, Doubt.REFUTED
            if borne[0] < -UNLIKELIER or own < max(theirs) + LIKELIER:
                found = Doubt.ANOTHER
        return entry, found

    def sign(self, loglikes: Floats, entries: Sequence[Entry], start: float, end: float) -> Entry | None:
        """The call sign that was said there, once or twice, and nothing else."""
        a, b = max(0, round(start / FRAME_S)), round(end / FRAME_S)
        rows = [(e, s * times) for e in entries for s, _ in self._pronunciations(e) for times in (1, 2)]
        rows = [(e, s) for e, s in rows if len(s) <= b - a]
        ratios = row_ratios(loglikes, [s for _, s in rows], a, b)
        best = max(zip(ratios, rows, strict=True), default=None, key=lambda found: found[0])
        return best[1][0] if best is not None and best[0] >= SIGNED else None

    def _aligned(self, frames: Frames, entry: Entry, start: float, end: float) -> Goodness:
        found = [goodness(*frames, s, of, start, end) for s, of in self._pronunciations(entry)]
        return max(found, key=lambda g: g.mean)

    def confidence(self, frames: Frames, figure: SpokenFigure) -> float:
        """Confidence that these syllables were said, 0..1."""
        found = goodness(*frames, *self._row(figure.syllables), figure.start, figure.end)
        return self._calibration.confidence(found)

    def borne_out(self, loglikes: Floats, figure: SpokenFigure) -> bool:
        """Whether each syllable of a figure was said, not only the row as a whole."""
        row = self._row(figure.syllables)
        for k, (first, end) in enumerate(syllable_frames(loglikes, *row, figure.start, figure.end)):
            (ratio,) = row_ratios(loglikes, [_part(row, k, k + 1)], max(0, first - 1), min(len(loglikes), end + 1))
            if ratio < ANOTHER:
                return False
        return True

    def _pronunciations(self, entry: Entry) -> list[tuple[States, tuple[int, ...]]]:
        if entry.symbol not in self._states:
            rows: dict[tuple[str, ...], None] = {}
            for row in (row for r in entry.readings for row in product(*pronunciations(r, self._tones))):
                rows[row] = None
                if len(rows) == MAX_PRONUNCIATIONS:  # a long number has millions
                    break
            self._states[entry.symbol] = [self._row(r) for r in rows]
        return self._states[entry.symbol]

    def _first_reading(self, entry: Entry) -> list[tuple[States, tuple[int, ...]]]:
        """Pronunciations with as many syllables as the first reading."""
        return [r for r in self._pronunciations(entry) if r[1][-1] == len(entry.readings[0]) - 1]

    def _readily(self, entry: Entry, first: int, end: int) -> float:
        """How readily some of its syllables are heard: the networks have learned which ones are common, and hear 会
        (hui) for 黑 (hei). Of 416 phrases that eight tuning voices said at 20 and 10 dB four are logged as a sister,
        three of them with a mark; ten, four of them without, if nothing is subtracted."""
        return sum(self._shares.get(toneless(place[0]), 0.0) for place in entry.readings[0][first:end])

    def _row(self, syllables: tuple[str, ...]) -> tuple[States, tuple[int, ...]]:
        """HMM states of a syllable sequence, and the syllable each belongs to."""
        rows = [states(s, self._accent) for s in syllables]
        return tuple(p for row in rows for p in row), tuple(k for k, row in enumerate(rows) for _ in row)


def _part(row: tuple[States, tuple[int, ...]], first: int, end: int) -> States:
    """The states of some of the syllables."""
    return tuple(s for s, k in zip(*row, strict=True) if first <= k < end)


def _unexplained(word: Word) -> bool:
    return word.symbol == NOISE or word.symbol.startswith(FILLER)


def _as_free(word: Word) -> Word:
    return replace(word, symbol=FILLER)


def _beside(found: Goodness, words: Sequence[Word], start: float, end: float) -> Goodness:
    """With the unexplained speech around it."""
    return replace(
        found, before=unexplained(words, start - BESIDE_S, start), after=unexplained(words, end, end + BESIDE_S)
    )


def _nothing(words: Sequence[Word]) -> bool:
    """Whether there are no words and no syllables in a row for REHEARD_S."""
    rows = [list(run) for free, run in groupby(words, key=lambda w: w.symbol.startswith(FILLER)) if free]
    return all(map(_unexplained, words)) and all(r[-1].end - r[0].start < REHEARD_S for r in rows)


def unexplained(words: Sequence[Word], start: float, end: float) -> float:
    """Seconds of filler and noise in an interval."""
    free = (w for w in words if _unexplained(w))
    return sum(max(0.0, min(w.end, end) - max(w.start, start)) for w in free)


@dataclass(frozen=True, slots=True)
class Verification:
    """Second-pass checks of the graph's result."""

    verifier: Verifier
    free: FreeSpeech
    """Fillers only: what a rejected word sounded like."""
    spoken: FigureSpeech
    """Searches free speech for figures."""

    def figures(self, frames: Frames, as_text: Floats, start: float, end: float) -> list[SpokenFigure]:
        """Verified figures in an interval, in order. ``as_text``: scores that are weighed for text."""
        found = self.spoken.find(frames[0], start, end)
        if found is None or found.margin < MARGIN or self.verifier.confidence(frames, found) < CONFIDENCE:
            return []
        found = replace(found, sure=self.verifier.borne_out(as_text, found))
        before, after = ((start, found.start), (found.end, end))
        return [*self.figures(frames, as_text, *before), found, *self.figures(frames, as_text, *after)]


@dataclass(slots=True)
class Ear:
    """Recogniser, verifier and interpreter of one net: loaded once, used for many channels."""

    net: Net
    model: ModelFolder
    recogniser: Recogniser | TwoPass
    interpreter: Interpreter
    verification: Verification | None
    """Second-pass checks, for our own model; a stock model's own confidence is used as it is."""
    dictation: Dictation | None = None
    dictation_sha256: str = ""
    scribe: Scribe | OwnScribe | None = None
    """Dictates free speech after its over was logged."""
    chooser: Chooser | None = None
    """Chooses among the texts that the scribe's model offers, for our own model."""
    cannot_say: tuple[str, ...] = ()
    """Call signs and phrases outside a stock model's vocabulary: they cannot be recognised."""
    voiceprint: Voiceprint | None = None
    """Tells voices apart where nothing else says who spoke."""

    def understand(
        self, over: Over, hypothesis: Hypothesis, expecting: bool = True, addressed: bool = False,
        awaiting: bool = True, awaited: Collection[str] = (),
    ) -> Message:  # fmt: skip
        """Interpret one over; see ``Interpreter.interpret``. ``awaited``: units from which an answer is due."""
        v = self.verification
        named = 0 < len(awaited) <= MOST_AWAITED
        if v is None or hypothesis.loglikes is None or (not named and _nothing(hypothesis.words)):
            return self.interpreter.interpret(hypothesis, NONE, expecting, addressed, awaiting)
        frames = frames_of(hypothesis.loglikes)
        as_text = frames if hypothesis.sounds is None else frames_of(scores_of(hypothesis.sounds))
        known, threshold = self.net.lexicon.by_symbol(), self.net.settings.recognition.threshold
        score = v.verifier.of_frames(frames, hypothesis.words, known, threshold)
        signs = [e for e in self.net.lexicon.spoken if e.kind == "unit" and e.key in awaited]
        audio = Evidence(
            score,
            v.verifier.of_frames(frames, ()),
            partial(v.free.hear, as_text[0]),
            partial(v.figures, frames, as_text[0]),
            partial(v.verifier.doubt, as_text),
            partial(v.verifier.sign, frames[0], signs) if named else None,
        )
        return self.interpreter.interpret(hypothesis, audio, expecting, addressed, awaiting)

    def close(self) -> None:
        """Pending dictation is abandoned."""
        if self.scribe is not None:
            self.scribe.close()

    def dictate(self, over: Over, message: Message) -> str:
        """Free speech in an over as text by a stock model; empty without one."""
        return self.dictation.write(over.pcm) if self.dictation and spoken_freely(message) else ""

    def transcribe(self, over: Over, message: Message, hypothesis: Hypothesis) -> Future[Transcript] | None:
        """The same by the scribe, asynchronously; None if there is nothing to dictate."""
        if self.scribe is None or not spoken_freely(message):
            return None
        return self.scribe.submit(over.pcm, self.choosing(hypothesis))

    def choosing(self, hypothesis: Hypothesis) -> Choose:
        """What chooses the text of an over that was heard so."""
        if self.chooser is None or hypothesis.sounds is None:
            return alone
        return partial(self.chooser.choose, sounds=hypothesis.sounds)


def spoken_freely(message: Message) -> bool:
    """Whether it contains speech that only a dictation model can transcribe."""
    return not message.understood or len(message.free.split()) >= DICTATED_SYLLABLES


def open_ear(net: Net, cache: Path | None = None, model: str | None = None) -> Ear:
    """Load the model and compile the net's graph. Raises HuyingError for a broken model."""
    cache = cache or cache_folder()
    folder = check_model(find_model(model or net.settings.recognition.model))
    settings = net.settings.recognition
    interpreter = Interpreter(net.lexicon, settings.threshold, settings.idle_threshold)
    dictation, dictation_sha256, scribe = None, "", _scribe(net, folder)
    if scribe is not None:
        dictation_sha256 = scribe.sha256
    elif settings.dictation not in (AUTO, *OFF):
        stock = _stock_to_dictate(settings.dictation)
        dictation, dictation_sha256 = Dictation(stock.path), stock.sha256
    if folder.kind == "stock":
        fallback, missing = _stock_recogniser(net, folder)
        return Ear(net, folder, fallback, interpreter, None, dictation, dictation_sha256, scribe, None, missing)
    recogniser = open_recogniser(folder, net.lexicon, net.costs, cache)
    words = net.lexicon
    bigram = load_bigram(folder.path, folder.bigram_sha256) if folder.bigram_sha256 else None
    common = shares(bigram) if bigram is not None else None
    verifier = Verifier(folder.calibrations[words.tones], words.accent, words.tones, words.spoken, common)
    free = FreeSpeech(replace(net.costs, filler=FREE_SYLLABLE), bigram)
    verification = Verification(verifier, free, FigureSpeech(net.costs, net.lexicon.digits))
    chooser = Chooser(net.readings, words.accent, free, COMMON, _when_asked(words))
    return Ear(
        net, folder, recogniser, interpreter, verification, dictation, dictation_sha256, scribe, chooser,
        voiceprint=_voiceprint(folder, recogniser.acoustics) if settings.voiceprint else None,
    )  # fmt: skip


def _voiceprint(folder: ModelFolder, acoustics: Acoustics) -> Voiceprint | None:
    """The one of a model, if it has one."""
    if not folder.voiceprint_sha256 or not isinstance(acoustics, Mixture):
        return None
    return Voiceprint(*check_voiceprint(folder.path, folder.voiceprint_sha256), acoustics.second.encoder)


def _scribe(net: Net, folder: ModelFolder) -> Scribe | OwnScribe | None:
    """Who writes down free speech after its over was logged."""
    name = net.settings.recognition.dictation
    if is_packaged(name, "whisper"):
        return Scribe(packaged(name) or models_folder() / name, net)
    path = words_file()
    able = folder.kind != "stock" and path.is_file()
    if name not in (OWN, AUTO) or (name == AUTO and not able):
        return None
    if folder.kind == "stock":
        raise HuyingError(f"{folder.path}: a stock model gives no scores, which dictation “{OWN}” needs")
    if not path.is_file():
        raise HuyingError(f"{path}: no such file; dictation “{OWN}” needs it, reinstall huying")
    return OwnScribe(hashlib.sha256(path.read_bytes()).hexdigest())


def _stock_to_dictate(name: str) -> ModelFolder:
    try:
        return check_model(find_model(name))
    except HuyingError as e:
        raise HuyingError(f"[recognition] dictation: {e}; or one of auto, own, whisper-base, off") from e


def _when_asked(lexicon: Lexicon) -> Callable[[], WordSearch | None]:
    """Loads the word model for whoever asks first."""
    return cache(partial(_word_search, lexicon))


def _word_search(lexicon: Lexicon) -> WordSearch | None:
    """Finds words, the net's included; None without a word model. Raises HuyingError for a damaged one."""
    path = words_file()
    if not path.is_file():
        return None
    own = {
        e.text: tuple(dict.fromkeys(tuple(place[0] for place in r) for r in e.readings))
        for e in lexicon.spoken
        if len(e.text) > 1
    }
    spelling = Spelling(WordModel(extended(read_words(path), own, OWN_WORD)))
    return WordSearch(spelling, tones=lexicon.tones)


def open_recogniser(folder: ModelFolder, lexicon: Lexicon | None, costs: Costs, cache: Path) -> TwoPass:
    """A model of ours with the graph of a lexicon."""
    graph = compile_graph(lexicon, costs, cache / "graphs")

    def first() -> Recogniser:
        return Recogniser(assemble(folder, graph.folder, cache / "models"), folder.rate)

    network, second = open_networks(folder)
    acoustics = Mixture(network, second) if second else network
    return TwoPass(acoustics, Search(read(graph.folder / FILE)), first)


def open_networks(folder: ModelFolder) -> tuple[AcousticModel, EncodedAcoustics | None]:
    """The first network of a model, and its encoder if it has one."""
    network = load_acoustic_model(folder.path / "am" / "final.mdl")
    if not folder.encoder_sha256:
        return network, None
    encoder = load_encoder(folder.path, folder.encoder_sha256)
    return network, EncodedAcoustics(encoder, network.outputs.scores)


def open_acoustics(folder: ModelFolder) -> Network:
    """The network that counts most, which adaptation moves: the encoder of a model that has one."""
    network, second = open_networks(folder)
    return second or network


def _stock_recogniser(net: Net, folder: ModelFolder) -> tuple[Recogniser, tuple[str, ...]]:
    """Fallback: a stock model with the net's phrases as run-time grammar, and the phrases outside its vocabulary."""
    plain = open_stock(folder.path)
    phrases, missing = grammar_of((e.text for e in net.lexicon.entries), plain.knows)
    if not phrases:
        raise HuyingError(f"{folder.path}: its vocabulary has no word of this net's call signs and phrases")
    return open_stock(folder.path, phrases), tuple(missing)
