"""Mandarin syllables as phones, and phones as states of the acoustic model.

The acoustic model has 61 phones: 21 initials, 38 toneless finals, silence and garbage. An initial has one HMM state, a
final two; each state is one pdf (output) of the network. Each final also exists with each of five tones (``ang4``; 5 is
the neutral tone): the same pdfs, plus the weighted evidence of the network's tone classifier (see ``TONE_WEIGHT`` of
the recipe). Decoding uses word-position-dependent copies (``_B _E _I _S``) that share the pdfs, because Kaldi's word
alignment, and with it every word time, requires them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

SILENCE = "sil"
GARBAGE = "gbg"

INITIALS = tuple("b p m f d t n l g k h j q x zh ch sh r z c s".split())
FINALS = tuple(
    "a o e ai ei ao ou an en ang eng ong er i ia ie iao iou ian in iang ing iong "
    "u ua uo uai uei uan uen uang ueng v ve van vn ii iii".split()
)
"""``ii`` is the vowel of zi ci si, ``iii`` that of zhi chi shi ri, ``v`` is ü."""

TONES = "12345"

POSITIONS = ("B", "E", "I", "S")
"""Begin, end, internal, singleton: position of a phone in its word."""

SYLLABLES = tuple(
    """
a ai an ang ao ba bai ban bang bao bei ben beng bi bian biang biao bie bin bing bo bong bu ca
cai can cang cao ce cei cen ceng cha chai chan chang chao che chen cheng chi chong chou chu chua
chuai chuan chuang chui chun chuo ci cong cou cu cuan cui cun cuo da dai dan dang dao de dei den
deng di dia dian diao die din ding diu dong dou du duan dui dun duo e ei en eng er fa fan fang
fei fen feng fiao fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan guang
gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun huo ji
jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke kei ken keng
kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le lei len leng li lia lian
liang liao lie lin ling liu lo long lou lu luan lun luo lv lve ma mai man mang mao me mei men
meng mi mian miao mie min ming miu mo mou mu na nai nan nang nao ne nei nen neng ni nia nian
niang niao nie nin ning niu nong nou nu nuan nun nuo nv nve o ou pa pai pan pang pao pei pen
peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao qie qin qing qiong qiu qu quan
que qun ran rang rao re ren reng ri rong rou ru rua ruan rui run ruo sa sai san sang sao se sen
seng sha shai shan shang shao she shei shen sheng shi shou shu shua shuai shuan shuang shui shun
shuo si song sou su suan sui sun suo ta tai tan tang tao te tei teng ti tian tiao tie ting tong
tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wu xi xia xian xiang xiao xie xin xing
xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za zai zan
zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua
zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu zuan zui zun zuo
""".split()
)
"""The toneless syllables of Mandarin in pinyin (ü written v), as listed in pypinyin 0.55's table."""

_ZERO_INITIAL = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iou", "yan": "ian", "yin": "in",
    "yang": "iang", "ying": "ing", "yong": "iong", "yo": "o", "wu": "u", "wa": "ua", "wo": "uo",
    "wai": "uai", "wei": "uei", "wan": "uan", "wen": "uen", "wang": "uang", "weng": "ueng",
    "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn",
}  # fmt: skip
_SHORT = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve"}


@cache
def split_syllable(syllable: str) -> tuple[str, ...] | None:
    """Phones of one toneless pinyin syllable (ü as v or ü); None if it is not Mandarin.

    ``"jia"`` → ``("j", "ia")``, ``"an"`` → ``("an",)``, ``"yuan"`` → ``("van",)``.
    """
    s = syllable.lower().replace("ü", "v").replace("ê", "e")
    if s in _ZERO_INITIAL:
        return (_ZERO_INITIAL[s],)
    initial = next((i for i in ("zh", "ch", "sh") if s.startswith(i)), None)
    if initial is None:
        initial = s[0] if s and s[0] in INITIALS else ""
    final = s[len(initial) :]
    if initial in ("z", "c", "s") and final == "i":
        final = "ii"
    elif initial in ("zh", "ch", "sh", "r") and final == "i":
        final = "iii"
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    final = _SHORT.get(final, final) if final != "ue" or initial in ("l", "n") else "ve"
    if final not in FINALS:
        return None
    return (initial, final) if initial else (final,)


@dataclass(frozen=True, slots=True)
class PhoneSet:
    """Phones, their pdfs and Kaldi ids. Shared by training, export and the graph compiler."""

    pdfs: dict[str, tuple[int, ...]]
    """Base phone, or final with tone → one pdf per HMM state."""

    toneless: int
    """Pdfs below this number belong to base phones: the network's first output."""

    symbols: tuple[str, ...]
    """Word-position-dependent names; the Kaldi phone id is the index + 1."""

    states: tuple[tuple[int, int, int], ...]
    """(phone id, HMM state, pdf), sorted: Kaldi's transition states, numbered from 1."""

    @property
    def num_pdfs(self) -> int:
        return 1 + max(max(p) for p in self.pdfs.values())

    def base(self, symbol: str) -> str:
        """Phone without its word position: ``"ang4_E"`` → ``"ang4"``."""
        return symbol.split("_")[0]


@cache
def phone_set() -> PhoneSet:
    """The project's phone set: 99 pdfs of base phones, 380 of finals with tone."""
    pdfs: dict[str, tuple[int, ...]] = {SILENCE: (0,), GARBAGE: (1,)}
    n = 2
    for phone in INITIALS:
        pdfs[phone] = (n,)
        n += 1
    for phone in FINALS:
        pdfs[phone] = (n, n + 1)
        n += 2
    toneless = n
    for phone in FINALS:
        for tone in TONES:
            pdfs[phone + tone] = (n, n + 1)
            n += 2
    base = INITIALS + FINALS + tuple(f + t for f in FINALS for t in TONES)
    symbols = (SILENCE, GARBAGE, *(f"{p}_{k}" for p in base for k in POSITIONS))
    states = sorted((i + 1, s, pdf) for i, p in enumerate(symbols) for s, pdf in enumerate(pdfs[p.split("_")[0]]))
    return PhoneSet(pdfs, toneless, symbols, tuple(states))


def with_tone(phones: tuple[str, ...], tone: str) -> tuple[str, ...]:
    """``(("j", "ia"), "3")`` → ``("j", "ia3")``."""
    return (*phones[:-1], phones[-1] + tone) if tone else phones


@cache
def without_tone() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each pdf: the toneless one, and the tone (0: none)."""
    phones = phone_set()
    base, tone = list(range(phones.num_pdfs)), [0] * phones.num_pdfs
    for final in FINALS:
        for k, t in enumerate(TONES, 1):
            for plain, toned in zip(phones.pdfs[final], phones.pdfs[final + t], strict=True):
                base[toned], tone[toned] = plain, k
    return tuple(base), tuple(tone)


def in_word(phones: tuple[str, ...] | list[str]) -> list[str]:
    """Mark each phone of one word with its position: B … I … E, or S for a single one."""
    last = len(phones) - 1
    if last == 0:
        return [f"{phones[0]}_S"]
    return [f"{p}_{'B' if k == 0 else 'E' if k == last else 'I'}" for k, p in enumerate(phones)]
