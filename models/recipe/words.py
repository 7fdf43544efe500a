"""Words and which follow which, reduced from a larger model: open-gram's trigram, as the input method SunPinyin has it.

    apt-get download sunpinyin-data && dpkg -x sunpinyin-data_*.deb FOLDER
    python -m models.recipe words --data FOLDER/usr/lib/x86_64-linux-gnu/sunpinyin/data

``lm_sc.t3g`` is a trigram with back-off whose pairs and triples stand in order of their words; ``pydict_sc.bin`` ends
with the words by number. Tones are the dictionary's (pypinyin), with sandhi. Kept are words of Chinese characters that
can be read and the comma, and those pairs and triples by which the model would become worse most if they were left out
(Stolcke, 1998). open-gram is under CC BY-SA 3.0, so what is made from it is, too.
"""

from __future__ import annotations

import functools
import operator
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice.mandarin.phones import SYLLABLES, TONES
from voice.mandarin.polyphones import ANYWHERE
from voice.pcm import Floats
from voice.speech.word_model import ANY, Ints, Table, said_with, write

MODEL, WORDS = "lm_sc.t3g", "pydict_sc.bin"

MOST_WORDS = 65_000
PAIRS, TRIPLES = 2_200_000, 700_000
"""Most that are kept: all by which the model becomes better. That is a file of 6 MB."""

LONGEST = 7
"""Characters of a word."""

COMMA = "，"
"""Said by nobody: it may stand wherever a word ends."""

ALSO = {"了": "liao", "得": "dei", "地": "de", "还": "huan", "着": "zhao", "谁": "shei", "那": "nei", "这": "zhei",
        "没": "mo", "觉": "jiao", "说": "shui", "为": "wei", "相": "xiang", "给": "ji", "单": "shan"}  # fmt: skip
"""Other readings of single characters that are words, beside those of ``ANYWHERE``."""

SANDHI = {"一": "124", "不": "24"}
"""Tones that depend on what follows, beside the third before another."""

_INDEX = {s: k for k, s in enumerate(SYLLABLES)}


@dataclass(frozen=True, slots=True)
class Level:
    """Words of one order: by number, with their chances; where what follows each begins; what backing off costs."""

    word: Ints
    chance: Floats
    first: Ints
    back: Floats


def levels(path: Path) -> list[Level]:
    """Orders 0 to 3 of a threaded model as SunPinyin writes it: little-endian bit fields, chances in a table."""
    data = np.fromfile(path, np.uint8)
    orders, in_logarithms = (int(k) for k in data[:8].view("<u4"))
    if orders != 3 or in_logarithms:
        raise SystemExit(f"{path}: a model of order {orders}; wanted is a trigram with plain chances")
    sizes = data[8 : 12 + 4 * orders].view("<u4").astype(int)
    at = 12 + 4 * orders
    chances = data[at : at + (4 << 16)].view("<f4")
    at += 4 << 16
    backs = data[at : at + (4 << 14)].view("<f4")
    at += 4 << 14
    out = []
    for order, size in enumerate(sizes):
        width = 12 if order < orders else 8
        a, b, *c = data[at : at + width * size].view("<u4").reshape(size, width // 4).T
        at += width * size
        word = (a & 0x3FFFF).astype(np.int64)
        if order < orders:
            first = ((b >> 16) | ((c[0] >> 25) << 16)).astype(np.int64)
            out.append(Level(word, chances[b & 0xFFFF], first, backs[a >> 18]))
        else:
            out.append(Level(word, chances[(a >> 18) | ((b >> 25 & 3) << 14)], np.zeros(0, np.int64), backs[:0]))
    return out


def strings(path: Path) -> list[str]:
    """Words by number."""
    data = path.read_bytes()
    start = int.from_bytes(data[8:12], "little")
    return data[start:].decode("utf-32-le").split("\0")


Way = tuple[tuple[int, int], ...]
"""A way to say a word: each syllable's number in SYLLABLES, and its tones in bits."""


def readings(word: str) -> list[Way]:
    """Ways to say a word; none if it cannot be said."""
    from pypinyin import Style, lazy_pinyin, pinyin

    if word == COMMA:
        return [()]
    usual = [s.replace("ü", "v") for s in lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)]
    if any(s.rstrip(TONES) not in _INDEX for s in usual):
        return []
    if len(word) > 1:
        after = [*usual[1:], ""]
        return [tuple((_INDEX[s[:-1]], _tones(c, s, a)) for c, s, a in zip(word, usual, after, strict=True))]
    ways = [usual[0][:-1]] + [s.rstrip(TONES) for s in (*ANYWHERE.get(word, ()), *ALSO.get(word, "").split())]
    every = pinyin(word, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
    known = [s.replace("ü", "v") for s in every]
    out: list[Way] = []
    for way in dict.fromkeys(w for w in ways if w in _INDEX):
        tones = {_tones(word, s, "") for s in known if s[:-1] == way}
        out.append(((_INDEX[way], functools.reduce(operator.or_, tones, 0) or ANY),))
    return out


def _tones(character: str, syllable: str, after: str) -> int:
    """Tones in bits of a character in a word, with sandhi; ``after``: the syllable that follows in the word."""
    sandhi = SANDHI.get(character, "2" if syllable[-1] == after[-1:] == "3" else "")
    return functools.reduce(operator.or_, (said_with(syllable[:-1] + t) for t in {syllable[-1], *sandhi}))


def reduced(lm: list[Level], texts: list[str], most: tuple[int, int, int]) -> Table:
    """The table of the words, pairs and triples that count most."""
    _, one, two, three = lm
    likely = np.argsort(-one.chance[:-1], kind="stable")
    ways: dict[int, list[Way]] = {}
    for k in likely:
        text = texts[int(one.word[k])]
        if (text == COMMA or re.fullmatch(f"[一-鿿]{{1,{LONGEST}}}", text)) and (said := readings(text)):
            ways[int(k)] = said
        if len(ways) == most[0]:
            break
    old = np.fromiter(ways, np.int64)
    number = np.full(len(texts) + 1, -1)
    number[one.word[old]] = np.arange(len(old))
    place = np.full(len(texts) + 1, 0)
    place[one.word[:-1]] = np.arange(len(one.word) - 1)
    # pairs: number of their first word among the words of order 1, and how much they tell
    first = np.repeat(np.arange(len(one.word) - 1), np.diff(one.first))
    n2 = len(first)
    p2 = two.chance[:n2].astype(float)
    alone = one.chance[place[two.word[:n2]]]
    joint = one.chance[first] * p2
    gain2 = joint * np.log(p2 / (one.back[first] * alone))
    known2 = (number[one.word[first]] >= 0) & (number[two.word[:n2]] >= 0)
    # triples: their pair, and what the model would say without them
    pair = np.repeat(np.arange(n2), np.diff(two.first[:n2], append=len(three.word) - 1))
    n3 = len(pair)
    p3 = three.chance[:n3].astype(float)
    keys = first * (1 << 18) + two.word[:n2]
    middle = place[two.word[pair]]
    wanted = middle * (1 << 18) + three.word[:n3]
    at = np.minimum(np.searchsorted(keys, wanted), n2 - 1)
    lower = np.where(keys[at] == wanted, p2[at], one.back[middle] * one.chance[place[three.word[:n3]]])
    gain3 = joint[pair] * p3 * np.log(p3 / (two.back[pair] * lower))
    known3 = known2[pair] & (number[three.word[:n3]] >= 0)
    keep3 = _best(np.where(known3, gain3, -np.inf), most[2])
    keep2 = _best(np.where(known2, gain2, -np.inf), most[1])
    keep2 |= np.isin(np.arange(n2), pair[keep3])
    # in the order of the new numbers
    a, b = number[one.word[first[keep2]]], number[two.word[:n2][keep2]]
    order = np.lexsort((b, a))
    new = np.zeros(n2, np.int64)
    new[np.flatnonzero(keep2)[order]] = np.arange(len(order))
    c, d = new[pair[keep3]], number[three.word[:n3][keep3]]
    order3 = np.lexsort((d, c))
    spellings = [(w, way) for w, said in enumerate(ways.values()) for way in said]
    return Table(
        tuple(texts[int(one.word[k])] for k in old),
        np.array([s for _, way in spellings for s, _ in way], np.uint16),
        np.array([tones for _, way in spellings for _, tones in way], np.uint8),
        np.array([len(way) for _, way in spellings], np.uint8),
        np.array([w for w, _ in spellings]),
        np.log(one.chance[old]),
        np.bincount(a, minlength=len(old)), b[order], np.log(p2[keep2][order]),
        np.bincount(c, minlength=len(order)), d[order3], np.log(p3[keep3][order3]),
    )  # fmt: skip


def _best(gain: Floats, most: int) -> npt.NDArray[np.bool_]:
    """Which ``most`` have the greatest positive gain."""
    kept = gain > 0
    if kept.sum() > most:
        kept &= gain >= np.partition(gain, -most)[-most]
    return kept


def words(source: Path, out: Path, most: tuple[int, int, int] = (MOST_WORDS, PAIRS, TRIPLES)) -> None:
    """Write the word model from the folder with both files."""
    table = reduced(levels(source / MODEL), strings(source / WORDS), most)
    write(out, table)
    print(
        f"{len(table.words)} words, {len(table.second)} pairs, {len(table.third)} triples: "
        f"{out.stat().st_size / 1e6:.1f} MB"
    )
