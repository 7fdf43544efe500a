"""A scenario: who says what, in which voice, on which channel. One YAML file, written by hand.

::

    net: ../sample              # net folder, from this file; the sample net if left out
    start: 2026-06-05T08:30:00+08:00
    seed: 1
    channel: {snr: 20, squelch: closed, tail: 0.15, onset_cut: 0, limiter: 1.5}
    voice: f2                   # net control's
    overs:
      - control: 省残联,省残联,门前秩序是否良好?
      - unit: 省残联            # id, name or call sign: decides the voice and is the truth about who spoke
        say: 一切正常,一切正常
        after: 1.5              # pause before it, s; 0.8 to 2.5 at random if left out
        onset_cut: 0.15         # any value of the channel, for this over
      - pause: 12
      - noise: 5                # an open squelch hisses
      - doubling:               # two stations at once
          - {unit: 省残联, say: 收到}
          - {unit: 102, say: 收到, offset: 0.2}
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from voice.errors import FilesError, HuyingError, Problem
from voice.mandarin.numerals import CannotBeRead
from voice.net.loading import Net
from voice.net.roster import Unit
from voice.text import NotText, decoded

UnitName = Annotated[str, BeforeValidator(str)]
"""YAML reads an unquoted 102 as a number."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChannelPart(_Part):
    """Fields of ``voice.measure.channel.Channel`` under their scenario names."""

    snr: float | None = Field(default=20.0, ge=-10, le=60)
    squelch: Literal["closed", "open"] = "closed"
    tail: float = Field(default=0.15, ge=0, le=2)
    lead: float = Field(default=0.25, ge=0, le=3)
    onset_cut: float = Field(default=0.0, ge=0, le=2)
    limiter: float = Field(default=1.5, ge=0, le=10)


class Speech(_Part):
    """One station speaks."""

    control: str | None = None
    """Words of net control."""
    unit: UnitName | None = None
    say: str | None = None
    voice: str | None = None
    rate: int | None = Field(default=None, ge=80, le=400)
    pitch: int | None = Field(default=None, ge=0, le=99)
    after: float | None = Field(default=None, ge=0, le=3600)
    offset: float = Field(default=0.0, ge=0, le=5)
    """In a doubling: delay of this station's key-up, s."""
    snr: float | None = Field(default=None, ge=-10, le=60)
    tail: float | None = Field(default=None, ge=0, le=2)
    lead: float | None = Field(default=None, ge=0, le=3)
    onset_cut: float | None = Field(default=None, ge=0, le=2)

    @model_validator(mode="after")
    def _who(self) -> Speech:
        if (self.control is None) == (self.unit is None):
            raise ValueError("needs either “control: words” or “unit: who” with “say: words”")
        if self.unit is not None and not self.say:
            raise ValueError("“unit” needs “say: words”")
        return self

    @property
    def words(self) -> str:
        return self.control or self.say or ""


class Step(_Part):
    """One line of the scenario: exactly one of these."""

    speech: Speech | None = None
    pause: float | None = Field(default=None, ge=0, le=86400)
    noise: float | None = Field(default=None, ge=0, le=86400)
    doubling: tuple[Speech, Speech] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and ("control" in raw or "unit" in raw):
            return {"speech": raw}
        return raw

    @model_validator(mode="after")
    def _one(self) -> Step:
        if sum(v is not None for v in (self.speech, self.pause, self.noise, self.doubling)) != 1:
            raise ValueError("is one of “control”, “unit”, “pause”, “noise” or “doubling”")
        return self

    @property
    def speakers(self) -> tuple[Speech, ...]:
        return (self.speech,) if self.speech else self.doubling or ()


class Scenario(_Part):
    """The whole file."""

    net: str | None = None
    start: datetime = datetime.fromisoformat("2026-06-05T08:30:00+08:00")
    seed: int = Field(default=0, ge=0, lt=2**63)
    channel: ChannelPart = ChannelPart()
    voice: str = "f2"
    overs: tuple[Step, ...] = Field(min_length=1)


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file. Raises FilesError with all errors."""
    import yaml

    try:
        raw = yaml.safe_load(decoded(path.read_bytes()))
    except FileNotFoundError as e:
        raise HuyingError(f"{path}: no such scenario") from e
    except NotText as e:
        raise HuyingError(f"{path}: cannot be read as text: {e}; save it as UTF-8") from e
    except OSError as e:
        raise HuyingError(f"{path}: cannot be read ({e.strerror})") from e
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        raise FilesError([Problem(path, mark.line + 1 if mark else 0, f"not YAML: {e}", "see README, simulate")]) from e
    except (ValueError, RecursionError) as e:  # invalid dates, deep nesting
        raise FilesError([Problem(path, 0, f"not a scenario: {e}", "see README, simulate")]) from e
    try:
        return Scenario.model_validate(raw)
    except ValidationError as e:
        raise FilesError(
            [
                Problem(path, 0, f"{'.'.join(map(str, err['loc'])) or 'scenario'}: {err['msg']}", "see README")
                for err in e.errors()
            ]
        ) from e


def find_unit(net: Net, name: str) -> Unit:
    """A unit by id, name or call sign. Raises HuyingError if the net has none."""
    if (found := net.find(name)) is not None:
        return found
    raise HuyingError(f"the net “{net.settings.name}” has no unit “{name}”; use an id, name or call sign of its roster")


def check_words(net: Net, scenario: Scenario) -> None:
    """Check that all units exist and all sentences can be read. Raises HuyingError."""
    for step in scenario.overs:
        for s in step.speakers:
            if s.unit is not None:
                find_unit(net, s.unit)
            try:
                net.readings.read(s.words)
            except CannotBeRead as e:
                raise HuyingError(f"scenario: {e}; write it in Chinese characters, digits and letters") from e
