"""``net.toml``: one net's settings, checked with line numbers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal

import tomlkit
import tomlkit.exceptions
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from voice.audio.form import FORMS
from voice.errors import HuyingError, Problem
from voice.grammar.compiler import Costs
from voice.net.schedule import Slot, parse_slot
from voice.radio.ptt import CARRIERS, DRIVERS
from voice.speech.voices import ENGINES
from voice.text import NotText, decoded

_COSTS = Costs()

MOST_BYTES = 256 << 10
"""Size limit of ``net.toml``; one with every setting used is about 10 KiB."""

MOST_NESTED = 20
"""Names in a dotted key; settings have three. The time that a TOML parser takes grows with the square of them."""

_NAME = r"""(?:[\w-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')"""
_NESTED = re.compile(rf"(?<![\w-]){_NAME}(?:[ \t]*+\.[ \t]*+{_NAME}){{{MOST_NESTED}}}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Control(_Section):
    """Net control."""

    call_sign: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    assistant: str = ""
    """Our own call sign: speech that begins with it is addressed to us. Empty: no commands are accepted on the air."""


class Timing(_Section):
    """Seconds."""

    answer_timeout_s: float = Field(default=10.0, gt=0, le=600)
    hang_time_s: float = Field(default=0.5, ge=0.1, le=5)
    late_window_s: float = Field(default=600.0, ge=0, le=86400)


class LanguageSettings(_Section):
    """Speech of the region."""

    accent: Literal["standard", "zhongyuan", "north", "south"] = "standard"
    tones: bool | None = None
    """Whether tones are used in recognition; by default yes, unless the accent has its own tones."""
    spoken_nine: Literal["九", "勾"] = "九"

    @property
    def hears_tones(self) -> bool:
        """As set, or as suits the accent."""
        return self.tones if self.tones is not None else self.accent in ("standard", "north")


class Recognition(_Section):
    """Weights of the decoding graph and the operating point. See ``voice.grammar.compiler.Costs``."""

    model: str = "huying-zh-8k"
    dictation: str = "auto"
    """Dictation of speech outside the grammar: ``own``, by our own ear alone; ``whisper-base``; or a stock model by
    name or folder; ``auto``: ``own`` where it can; ``off`` or empty: none."""
    voiceprint: bool = True
    """Compare voices where it is not clear who spoke: a guess, flagged for review. Kept in memory only."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Confidence from which a word is accepted."""
    idle_threshold: float = Field(default=0.9, ge=0, le=1)
    """The same while no answer is expected, for overs consisting only of phrases of two or three syllables, and for
    what stands in a sentence that names nobody first, alarms excepted: they occur by chance in unrelated speech."""
    phrase_cost: float = Field(default=_COSTS.phrase, ge=0, le=60)
    filler_cost: float = Field(default=_COSTS.filler, ge=0, le=60)


class VoiceSettings(_Section):
    """The synthetic voice. See ``voice.speech.voices``."""

    engine: str = "auto"
    """A key of ``speech.voices.ENGINES``, or ``auto``: the best one installed; ``huying doctor`` shows which, and
    why."""
    speaker: str = ""
    """kokoro: zf_xiaoxiao, zm_yunxi …; espeak: a variant; sapi5: a voice id. Empty: the engine's default."""
    tempo: float = Field(default=1.0, ge=0.9, le=1.3)
    """Factor on the engine's normal tempo."""
    level_db: float | None = Field(default=None, ge=-60, le=0)
    """Peak level of our speech, dBFS; default: the station's."""
    rate: int = Field(default=165, ge=80, le=400)
    pitch: int = Field(default=50, ge=0, le=99)
    variant: str = "f2"

    @field_validator("engine")
    @classmethod
    def _engine(cls, value: str) -> str:
        if value not in ("auto", *ENGINES):
            raise ValueError(f"“{value}” is no voice engine: auto, {', '.join(ENGINES)}")
        return value


class StationSettings(_Section):
    """The radio on this desk; options of ``huying listen`` take precedence."""

    input: str = ""
    """Sound card by name, part of the name or number; ``-``: raw PCM on standard input; ``udp:7355``: raw PCM from a
    socket."""
    output: str = ""
    """Output sound card; empty: listen only."""
    ptt: str = "none"
    """A key of ``radio.ptt.DRIVERS``."""
    ptt_device: str = ""
    ptt_line: str = ""
    ptt_inverted: bool = False
    ptt_answer_s: float = Field(default=2.0, ge=0.5, le=30)
    """Timeout for an answer from rigctld; a slow rig needs more."""
    carrier: str = "audio"
    """Carrier detect used in addition to the audio."""
    carrier_device: str = ""
    """Device of the carrier detect; empty: that of the PTT."""
    timeout_s: float = Field(default=60.0, ge=5, le=600)
    """Time-out timer: longest transmission."""
    level_db: float = Field(default=-12.0, ge=-60, le=0)
    """Peak level of our speech, dBFS."""
    microphone: str = ""
    """Sound card of the dispatcher's own microphone: everything said there is addressed to us."""
    acknowledge: bool = True
    """Answer a reporting unit with 收到,已报值班员 unless net control does so first."""
    check_readback: bool = False
    """Say 请核对 on the air when a unit reads back the wrong figures."""
    commands: Literal["air", "code", "microphone"] = "air"
    """Who is obeyed: anyone who says our call sign on the air; the same, with the code of the day; or only the
    dispatcher's own microphone."""
    code_key: str = ""
    """A secret text from which the code of the day is derived: ``huying code``."""
    cancel_s: float = Field(default=3.0, ge=0, le=60)
    """Time for 取消 after a command was read back."""
    uploads: bool = False
    """Log calls uploaded by recorders: ``huying serve --uploads`` accepts them, ``huying listen`` logs them. If off,
    the console logs them itself, into a journal not used by a station."""
    anchor: bool = False
    """After a roll-call, read the journal's anchor on the air: whoever hears it can later prove that the end of the
    journal was cut off (``huying journal verify --anchor``)."""
    prompts: str = ""
    """Folder of recorded prompts, relative to the net folder: 省残联.wav is played in place of that text."""

    @field_validator("ptt")
    @classmethod
    def _driver(cls, value: str) -> str:
        if value not in DRIVERS:
            raise ValueError(f"“{value}” is no PTT driver: {', '.join(DRIVERS)}")
        return value

    @field_validator("carrier")
    @classmethod
    def _detect(cls, value: str) -> str:
        if value not in ("audio", *CARRIERS):
            raise ValueError(f"“{value}” is no carrier detect: audio, {', '.join(CARRIERS)}")
        return value

    @model_validator(mode="after")
    def _has_key(self) -> StationSettings:
        if self.commands == "code" and not self.code_key:
            raise ValueError('commands = "code" needs a code_key: any secret text')
        return self


class ChannelSettings(_Section):
    """Another channel that is monitored and logged, receive only; it has the same net."""

    name: str = Field(min_length=1, max_length=40)
    input: str = Field(min_length=1)
    """Sound card, or ``udp:7355``."""
    rate: int | None = Field(default=None, ge=1000, le=768_000)
    """Sample rate of raw samples, Hz; omitted: measured."""
    form: str = ""
    """Sample format of raw samples, a key of ``audio.form.FORMS``; empty: detected."""
    side: Literal["", "left", "right"] = ""
    """left or right channel of stereo; empty: mixed."""

    @field_validator("form")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in FORMS:
            raise ValueError(f"“{value}” is no form of raw samples: {', '.join(FORMS)}")
        return value


class RollSettings(_Section):
    """Automatic roll-calls."""

    schedule: tuple[str, ...] = ()
    rounds: int = Field(default=2, ge=1, le=5)
    """Calls per unit."""
    style: Literal["full", "brief"] = "full"
    """``full``: call sign twice, the question, 请回答; ``brief``: call sign and question once at a faster tempo, at
    most 4 s per unit."""
    by_voice: bool = False
    """开始点名 from the dispatcher on the air starts a roll-call."""

    @field_validator("schedule")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            parse_slot(text)
        return value

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(parse_slot(t) for t in self.schedule)


class WebhookSettings(_Section):
    """An external system notified of events by the console."""

    url: str = Field(pattern=r"^https?://")
    events: tuple[str, ...] = ("called_in", "incident", "overdue", "alert_ended", "roll_ended")
    """Types as in ``huying journal show --json``; ``incident``: reported in any context, once each."""
    secret_file: str = ""
    """Signing key for deliveries, relative to the net folder; empty: unsigned."""
    ca_file: str = ""
    """CA certificate (PEM), or the receiver's own if self-signed, relative to the net folder; empty: the system's
    CAs."""


class NetSettings(_Section):
    """The whole file."""

    name: str = Field(min_length=1)
    utc_offset: str = Field(default="", pattern=r"^([+-]\d\d:\d\d)?$")
    """Time zone for display, e.g. ``+08:00``; empty: this machine's. The journal itself is in UTC."""
    roster: str = "roster.csv"
    grammars: tuple[str, ...] = ("zh",)
    without_phrases: tuple[str, ...] = ()
    """Phrase groups switched off for this net: names of grammar files, e.g. ``trouble`` for ``trouble.txt``."""
    control: Control
    timing: Timing = Timing()
    language: LanguageSettings = LanguageSettings()
    recognition: Recognition = Recognition()
    voice: VoiceSettings = VoiceSettings()
    station: StationSettings = StationSettings()
    rollcall: RollSettings = RollSettings()
    webhooks: tuple[WebhookSettings, ...] = ()
    channels: tuple[ChannelSettings, ...] = ()
    signing_key: str = ""
    """A file made by ``huying journal key``, relative to the net folder. Webhooks and uplink then include signed
    heads."""
    alert_templates: tuple[str, ...] = ()
    """Alert texts offered in the console."""

    @field_validator("channels")
    @classmethod
    def _unlike(cls, value: tuple[ChannelSettings, ...]) -> tuple[ChannelSettings, ...]:
        if len({c.name for c in value}) < len(value):
            raise ValueError("two channels have the same name")
        return value

    @property
    def codes(self) -> bool:
        """Commands on the air require the code of the day."""
        return self.station.commands == "code"

    @property
    def zone(self) -> tzinfo | None:
        """None: this machine's own."""
        return datetime.strptime(self.utc_offset, "%z").tzinfo if self.utc_offset else None


def write_settings(path: Path, section: str, values: Mapping[str, float | str | bool]) -> None:
    """Set values in one section, or at top level if it is empty; comments and order are preserved.

    Raises HuyingError if the file cannot be written.
    """
    try:
        document = tomlkit.parse(decoded(path.read_bytes()))
        table = document.setdefault(section, tomlkit.table()) if section else document
        for key, value in values.items():
            table[key] = value
        path.write_text(tomlkit.dumps(document), "utf-8")
    except (OSError, tomlkit.exceptions.ParseError) as e:
        raise HuyingError(f"{path}: cannot be changed ({e})") from e


_HINTS = {
    "missing": "add this line",
    "extra_forbidden": "remove it or correct its spelling",
    "string_type": 'write text in quotes, as "…"',
    "literal_error": "choose one of the values named",
}


def _line(text: str, keys: tuple[str | int, ...]) -> int:
    """Line of ``[section] key`` in a TOML text; line of the section, or 1, if the key is absent."""
    section = str(keys[0]) if len(keys) > 1 else ""
    key = str(keys[1] if len(keys) > 1 else keys[0])
    here, best = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[([^\]]+)\]", line)
        if head:
            here = head.group(1).strip()
            best = number if here in (section, key) else best
        if here == section and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return best


def read_settings(path: Path) -> tuple[NetSettings | None, list[Problem]]:
    """Read ``net.toml``; errors carry their line."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            return None, [Problem(path, 0, f"larger than {MOST_BYTES >> 10} KiB", 'key = "value", one a line')]
        text = decoded(data)
    except FileNotFoundError:
        return None, [Problem(path, 0, "no such file", "a net folder holds net.toml; copy grammars/sample")]
    except OSError as e:
        return None, [Problem(path, 0, f"cannot be read ({e.strerror})", "let the station's user read it")]
    except NotText as e:
        return None, [Problem(path, 0, f"cannot be read as text: {e}", "save the file as UTF-8")]
    if deep := _NESTED.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        return None, [Problem(path, line, f"more than {MOST_NESTED} names joined by dots", 'key = "value", one a line')]
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        m = re.search(r"line (\d+)", str(e))
        return None, [Problem(path, int(m.group(1)) if m else 0, f"not TOML: {e}", 'key = "value", one a line')]
    except (ValueError, RecursionError) as e:  # numbers with thousands of digits, deep nesting
        return None, [Problem(path, 0, f"not settings: {e}", 'key = "value", one a line')]
    try:
        return NetSettings.model_validate(raw), []
    except ValidationError as e:
        return None, [
            Problem(
                path,
                _line(text, err["loc"]),
                f"{'.'.join(map(str, err['loc']))}: {err['msg'].removeprefix('Value error, ')}",
                _HINTS.get(err["type"], "see grammars/sample/net.toml"),
            )
            for err in e.errors()
        ]
