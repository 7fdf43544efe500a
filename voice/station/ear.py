"""Speech recognition of one net: recogniser, verifier and interpreter. Loaded once, used for every channel and
recording."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from threading import Lock

import numpy as np

from voice.errors import HuyingError
from voice.grammar.compiler import Costs, compile_graph
from voice.grammar.evidence import NONE, Evidence
from voice.grammar.free import FreeSpeech
from voice.grammar.interpreter import Interpreter
from voice.grammar.item_search import REHEARD_S
from voice.grammar.lattice import lattice_of
from voice.grammar.lexicon import FILLER, Entry, Lexicon
from voice.grammar.message import Message
from voice.grammar.search import FILE, Search, read
from voice.grammar.spelling import Spelling
from voice.grammar.spoken_figures import FigureSpeech
from voice.grammar.word_search import Found, Likeliest, WordSearch
from voice.mandarin.characters import COMMON
from voice.net.loading import Net
from voice.pcm import Floats
from voice.places import cache_folder, words_file
from voice.radio.over import Over
from voice.speech.acoustics import FRAME_S, AcousticModel, Acoustics, Network, load_acoustic_model, scores_of
from voice.speech.bigram import load_bigram, shares
from voice.speech.dictation import Dictation, grammar_of
from voice.speech.encoder import EncodedAcoustics, load_encoder
from voice.speech.goodness import (
    frames_of,
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
from voice.station.verifier import MOST_AWAITED, Verification, Verifier, is_unexplained

DICTATED_SYLLABLES = 4
"""Overs with at least this much free speech are dictated, as are all that were not understood."""

FREE_SYLLABLE = 1.5
"""Cost of a syllable in that search. On the recipe's tuning people at 20 dB 0.31 of the syllables are wrong, with a
cost of 2.5 0.34."""

OWN_WORD = -8.0
"""Natural logarithm of the chance of each of the net's names and phrases among all words."""


@dataclass(slots=True)
class Succession:
    """What the ears of one net know of each other."""

    latest: Ear | None = None
    """None: the first one."""


@dataclass(slots=True)
class Ear:
    """Recogniser, verifier and interpreter of one net: loaded once, used for many channels. When the net's phrases
    change another one takes its place; an over is heard by one from its beginning to its end."""

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
    succession: Succession = field(default_factory=Succession, repr=False, compare=False)
    _written: tuple[Hypothesis, Likeliest] | None = field(default=None, init=False, repr=False)
    """The likeliest words of the last over."""

    @property
    def latest(self) -> Ear:
        """By which the next over is to be heard."""
        return self.succession.latest or self

    def succeed(self, newer: Ear) -> None:
        """``newer`` hears from the next over on, on every channel."""
        newer.succession = self.succession
        self.succession.latest = newer

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
        written = self._writing(hypothesis)
        audio = Evidence(
            score,
            v.verifier.of_frames(frames, ()),
            partial(_heard, v.free, as_text[0], written),
            partial(v.figures, frames, as_text[0]),
            partial(v.verifier.doubt, as_text, written),
            partial(v.verifier.sign, frames[0], signs) if named else None,
            partial(v.verifier.called, frames[0]),
            cache(partial(_named, self.net.lexicon, written)),
        )
        return self.interpreter.interpret(hypothesis, audio, expecting, addressed, awaiting)

    def _writing(self, hypothesis: Hypothesis) -> Likeliest:
        """Searches the likeliest words of an over once; None where no words are known, or none fit."""
        if self._written is None or self._written[0] is not hypothesis:
            self._written = hypothesis, cache(partial(self._words_of, hypothesis))
        return self._written[1]

    def _words_of(self, hypothesis: Hypothesis) -> Found | None:
        try:
            words = self.chooser.words() if self.chooser else None
        except HuyingError:
            return None  # damaged: dictation says so, and hearing goes on without words
        if words is None or hypothesis.sounds is None:
            return None
        return next(iter(words.best(lattice_of(np.asarray(hypothesis.sounds, np.float32)))), None)

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
        return partial(self.chooser.choose, sounds=hypothesis.sounds, likeliest=self._writing(hypothesis))


def _heard(free: FreeSpeech, loglikes: Floats, written: Likeliest, start: float, end: float) -> Hypothesis:
    """Free syllables between two times, s: of the likeliest words of the over, where words are known."""
    found = written()
    if found is None:
        return free.hear(loglikes, start, end)
    placed = ((s, FRAME_S * a, FRAME_S * b) for s, a, b in found.placed())
    return Hypothesis(tuple(Word(FILLER + s, a, b, 1.0) for s, a, b in placed if start <= (a + b) / 2 < end))


def _named(lexicon: Lexicon, written: Likeliest) -> list[tuple[Entry, float, float]]:
    """Call signs and phrases among the likeliest words of an over, with their times, s."""
    found, known = written(), {e.text: e for e in lexicon.spoken}
    spans = zip(found.words, found.spans, strict=True) if found else ()
    return [(known[w], FRAME_S * first, FRAME_S * last) for w, (first, last) in spans if w in known]


def _nothing(words: Sequence[Word]) -> bool:
    """Whether there are no words and no syllables in a row for REHEARD_S."""
    rows = [list(run) for free, run in groupby(words, key=lambda w: w.symbol.startswith(FILLER)) if free]
    return all(map(is_unexplained, words)) and all(r[-1].end - r[0].start < REHEARD_S for r in rows)


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
    verification, chooser = _second_look(net, folder)
    return Ear(
        net, folder, recogniser, interpreter, verification, dictation, dictation_sha256, scribe, chooser,
        voiceprint=_voiceprint(folder, recogniser.acoustics) if settings.voiceprint else None,
    )  # fmt: skip


def reopened(ear: Ear, net: Net, cache: Path) -> Ear:
    """The ear of the same net with other phrases. Networks, dictation and voices are shared with the one before."""
    settings = net.settings.recognition
    interpreter = Interpreter(net.lexicon, settings.threshold, settings.idle_threshold)
    before = ear.recogniser
    if not isinstance(before, TwoPass):
        fallback, missing = _stock_recogniser(net, ear.model, before)
        return replace(ear, net=net, recogniser=fallback, interpreter=interpreter, cannot_say=missing)
    recogniser = _with_graph(ear.model, before.acoustics, net.lexicon, net.costs, cache)
    if before.loaded:
        recogniser.first.stream()  # nobody waits for it during an over
    verification, chooser = _second_look(net, ear.model)
    return replace(
        ear, net=net, recogniser=recogniser, interpreter=interpreter, verification=verification, chooser=chooser
    )


def _second_look(net: Net, folder: ModelFolder) -> tuple[Verification, Chooser]:
    words = net.lexicon
    bigram = load_bigram(folder.path, folder.bigram_sha256) if folder.bigram_sha256 else None
    common = shares(bigram) if bigram is not None else None
    verifier = Verifier(folder.calibrations[words.tones], words.accent, words.tones, words.spoken, common)
    free = FreeSpeech(replace(net.costs, filler=FREE_SYLLABLE), bigram)
    verification = Verification(verifier, free, FigureSpeech(net.costs, net.lexicon.digits))
    return verification, Chooser(net.readings, words.accent, free, COMMON, _when_asked(words))


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
    """Loads the word model for whoever asks first, of several threads."""
    load, lock = cache(partial(_word_search, lexicon)), Lock()

    def words() -> WordSearch | None:
        with lock:
            return load()

    return words


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
    network, second = open_networks(folder)
    return _with_graph(folder, Mixture(network, second) if second else network, lexicon, costs, cache)


def _with_graph(
    folder: ModelFolder, acoustics: Acoustics, lexicon: Lexicon | None, costs: Costs, cache: Path
) -> TwoPass:
    graph = compile_graph(lexicon, costs, cache / "graphs")

    def first() -> Recogniser:
        return Recogniser(assemble(folder, graph.folder, cache / "models"), folder.rate)

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


def _stock_recogniser(
    net: Net, folder: ModelFolder, loaded: Recogniser | None = None
) -> tuple[Recogniser, tuple[str, ...]]:
    """Fallback: a stock model with the net's phrases as run-time grammar, and the phrases outside its vocabulary."""
    model = loaded or open_stock(folder.path, ())
    phrases, missing = grammar_of((e.text for e in net.lexicon.entries), model.knows)
    if not phrases:
        raise HuyingError(f"{folder.path}: its vocabulary has no word of this net's call signs and phrases")
    return model.limited_to(phrases), tuple(missing)
