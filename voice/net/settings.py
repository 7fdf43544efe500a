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
from voice.text import NotText, decoded

_COSTS = Costs()

MOST_BYTES = 256 << 10
"""Of ``net.toml``; that of a net with everything set has some 10 KiB."""

MOST_NESTED = 20
"""Names in a dotted key; settings have three. The time that a TOML parser takes grows with the square of them."""

_NAME = r"""(?:[\w-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')"""
_NESTED = re.compile(rf"(?<![\w-]){_NAME}(?:[ \t]*+\.[ \t]*+{_NAME}){{{MOST_NESTED}}}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Control(_Section):
    """The net-control station."""

    call_sign: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    assistant: str = ""
    """Our own call sign: what is said after it is said to us. Empty: we obey nobody on the air."""


class Timing(_Section):
    """Seconds."""

    answer_timeout_s: float = Field(default=10.0, gt=0, le=600)
    hang_time_s: float = Field(default=0.5, ge=0.1, le=5)
    late_window_s: float = Field(default=600.0, ge=0, le=86400)


class Language(_Section):
    """How people here speak."""

    accent: Literal["standard", "zhongyuan", "north", "south"] = "standard"
    tones: bool | None = None
    """Whether tones count in hearing; if not said, they do unless the accent has tones of its own."""
    spoken_nine: Literal["九", "勾"] = "九"

    @property
    def hears_tones(self) -> bool:
        """The setting, or what suits the accent."""
        return self.tones if self.tones is not None else self.accent in ("standard", "north")


class Recognition(_Section):
    """Weights of the decoding graph and the operating point. See ``voice.grammar.compiler.Costs``."""

    model: str = "huying-zh-8k"
    dictation: str = ""
    """What writes down what no phrase covers: ``whisper-base``, or a stock model by name or folder; empty: nothing."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """A word is believed from this confidence on."""
    idle_threshold: float = Field(default=0.9, ge=0, le=1)
    """… while nobody is expected to answer, if all that was heard are phrases of two or three syllables: foreign
    speech contains them by chance. Call signs are not meant."""
    phrase_cost: float = Field(default=_COSTS.phrase, ge=0, le=60)
    filler_cost: float = Field(default=_COSTS.filler, ge=0, le=60)


class VoiceSettings(_Section):
    """The synthetic voice. See ``voice.speech.voices``."""

    engine: Literal["auto", "kokoro", "espeak", "sapi5"] = "auto"
    """``auto``: the best that is installed; ``huying doctor`` says which, and why."""
    speaker: str = ""
    """kokoro: zf_xiaoxiao, zm_yunxi …; espeak: a variant; sapi5: a voice's id. Empty: the engine's own."""
    tempo: float = Field(default=1.0, ge=0.9, le=1.3)
    """Times the engine's usual tempo."""
    level_db: float | None = Field(default=None, ge=-60, le=0)
    """Of our loudest speech, dBFS; if not said that of the station."""
    rate: int = Field(default=165, ge=80, le=400)
    pitch: int = Field(default=50, ge=0, le=99)
    variant: str = "f2"


class StationSettings(_Section):
    """The radio on this desk; options of ``huying listen`` go before these."""

    input: str = ""
    """Sound card: name, part of it, number; ``-`` raw PCM on standard input, ``udp:7355`` raw PCM from a socket."""
    output: str = ""
    """Sound card to speak to; empty: we only listen."""
    ptt: str = "none"
    """A key of ``radio.ptt.DRIVERS``."""
    ptt_device: str = ""
    ptt_line: str = ""
    ptt_inverted: bool = False
    ptt_answer_s: float = Field(default=2.0, ge=0.5, le=30)
    """How long rigctld may take for an answer; a slow rig wants more."""
    carrier: str = "audio"
    """What tells that the channel is busy, beside the audio."""
    carrier_device: str = ""
    """Empty: that of the PTT."""
    timeout_s: float = Field(default=60.0, ge=5, le=600)
    """Time-out timer: never transmit longer."""
    level_db: float = Field(default=-12.0, ge=-60, le=0)
    """Of our loudest speech, dBFS."""
    microphone: str = ""
    """Sound card of the dispatcher's own microphone: what is said there is said to us."""
    acknowledge: bool = True
    """Say 收到,已报值班员 to a unit that reports, if net control does not answer it first."""
    check_readback: bool = False
    """Say 请核对 on the air when a unit reads back other figures than it was given."""
    commands: Literal["air", "code", "microphone"] = "air"
    """Who is obeyed: whoever says our call sign on the air; only with the code of the day, too; or only the
    dispatcher's own microphone."""
    code_key: str = ""
    """Any secret text; the code of the day is made of it: ``huying code``."""
    cancel_s: float = Field(default=3.0, ge=0, le=60)
    """After a command was read back it waits so long for 取消."""
    uploads: bool = False
    """Log the calls that recorders upload: ``huying serve --uploads`` takes them, ``huying listen`` logs them. Without,
    the console logs them itself, on a journal that no station has."""
    anchor: bool = False
    """After a roll-call, read out how far the journal has come: whoever hears it can tell later that its end was cut
    off (``huying journal verify --anchor``)."""
    prompts: str = ""
    """Folder of recorded prompts, from the net folder: 省残联.wav is played where that is said."""

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
    """Another channel that is listened to and logged; the net is the same, we do not speak there."""

    name: str = Field(min_length=1, max_length=40)
    input: str = Field(min_length=1)
    """Sound card, or ``udp:7355``."""
    rate: int | None = Field(default=None, ge=1000, le=768_000)
    """Hz of raw samples; left out: measured."""
    form: str = ""
    """How raw samples are written, a key of ``audio.form.FORMS``; empty: found out."""
    side: Literal["", "left", "right"] = ""
    """Of two; empty: as one."""

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
    """How often a unit is called."""
    style: Literal["full", "brief"] = "full"
    """``full``: call sign twice, the question, 请回答; ``brief``: call sign and question once and faster, 4 s a unit at
    most."""
    by_voice: bool = False
    """The dispatcher's 开始点名 on the air has the station call the roll."""

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
    """Another system that the console tells of events."""

    url: str = Field(pattern=r"^https?://")
    events: tuple[str, ...] = ("called_in", "incident", "overdue", "alert_ended", "roll_ended")
    """Types as in ``huying journal show --json``; ``incident``: reported in whatever context, once each."""
    secret_file: str = ""
    """From the net folder: what signs the deliveries; empty: they are not signed."""
    ca_file: str = ""
    """From the net folder: certificate (PEM) of the authority, or of the receiver itself if it signed its own; empty:
    this machine's authorities."""


class NetSettings(_Section):
    """The whole file."""

    name: str = Field(min_length=1)
    utc_offset: str = Field(default="", pattern=r"^([+-]\d\d:\d\d)?$")
    """For showing times, e.g. ``+08:00``; this machine's own if empty. The journal itself is in UTC."""
    roster: str = "roster.csv"
    grammars: tuple[str, ...] = ("zh",)
    without_phrases: tuple[str, ...] = ()
    """Groups of phrases that this net does not use: names of grammar files, e.g. ``trouble`` for ``trouble.txt``."""
    control: Control
    timing: Timing = Timing()
    language: Language = Language()
    recognition: Recognition = Recognition()
    voice: VoiceSettings = VoiceSettings()
    station: StationSettings = StationSettings()
    rollcall: RollSettings = RollSettings()
    webhooks: tuple[WebhookSettings, ...] = ()
    channels: tuple[ChannelSettings, ...] = ()
    signing_key: str = ""
    """From the net folder: a file of ``huying journal key``. Webhooks and uplink then send signed heads along."""
    alert_templates: tuple[str, ...] = ()
    """Texts that the console offers for alerts."""

    @field_validator("channels")
    @classmethod
    def _unlike(cls, value: tuple[ChannelSettings, ...]) -> tuple[ChannelSettings, ...]:
        if len({c.name for c in value}) < len(value):
            raise ValueError("two channels have the same name")
        return value

    @property
    def codes(self) -> bool:
        """Commands on the air need the code of the day."""
        return self.station.commands == "code"

    @property
    def zone(self) -> tzinfo | None:
        """None: this machine's own."""
        return datetime.strptime(self.utc_offset, "%z").tzinfo if self.utc_offset else None


def write_settings(path: Path, section: str, values: Mapping[str, float | str | bool]) -> None:
    """Set some values of one section, or above all sections if it is empty; comments and order stay.

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
    """Line of ``[section] key`` in a TOML text; that of the section, or 1, if the key is not there."""
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
    """Read ``net.toml``; problems carry the line."""
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
    except (ValueError, RecursionError) as e:  # a number of thousands of digits, brackets within brackets
        return None, [Problem(path, 0, f"not settings: {e}", 'key = "value", one a line')]
    try:
        return NetSettings.model_validate(raw), []
    except ValidationError as e:
        return None, [
            Problem(
                path,
                _line(text, err["loc"]),
                f"{'.'.join(map(str, err['loc']))}: {err['msg']}",
                _HINTS.get(err["type"], "see grammars/sample/net.toml"),
            )
            for err in e.errors()
        ]
