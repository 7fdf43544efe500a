"""The push-to-talk line: a family of drivers, one file each, selected by name in ``net.toml``.

A stuck transmitter is the worst possible fault, so the line is owned by a small separate process, the keeper
(``keeper.py``), which unkeys when the station exits, is killed, hangs or keys for too long. A station uses ``KeptPtt``;
the drivers themselves are used by the keeper, the wiring check and tests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, Protocol

from voice.errors import HuyingError


@dataclass(frozen=True, slots=True)
class Driver:
    """One type of line. To add one: a file in this folder and a line in ``DRIVERS``."""

    made_by: str
    """``module:class`` in this folder, imported on opening."""
    carriers: tuple[str, ...] = ()
    """Carrier detects it can read, as named in ``[station] carrier``."""


DRIVERS: dict[str, Driver] = {
    "none": Driver("none:NoPtt"),
    "serial": Driver("serial_line:SerialPtt", ("cts", "dsr", "dcd")),
    "cm108": Driver("cm108:Cm108Ptt", ("cm108",)),
    "gpio": Driver("gpio:GpioPtt"),
    "rigctld": Driver("rigctld:RigctldPtt", ("rigctld",)),
}
KEY_S = 6.0
"""Longest time from key to transmission: some rigs take five seconds (freedv-gui#1344)."""

CARRIERS: tuple[str, ...] = tuple(c for d in DRIVERS.values() for c in d.carriers)


class PttError(HuyingError):
    """The line cannot be driven; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PttSettings:
    """Which line keys the transmitter."""

    kind: str = "none"
    """A key of ``DRIVERS``. ``none``: the radio keys itself on audio (VOX), or there is no transmitter."""

    device: str = ""
    """serial: port (``/dev/ttyUSB0``, ``COM3``); cm108: hidraw path, the first CM108 if empty; gpio: chip
    (``/dev/gpiochip0``); rigctld: ``host:port``."""

    line: str = ""
    """serial: ``RTS`` or ``DTR``; cm108: GPIO pin 1..8; gpio: line number."""

    inverted: bool = False
    """Active low: the line is low while transmitting."""

    carrier: str = ""
    """Carrier-detect input of the same device: serial ``CTS``, ``DSR`` or ``DCD``; any word for cm108 (the
    volume-down input, which adapters wire to the squelch) and rigctld (``get_dcd``). Empty: none."""

    carrier_inverted: bool = False
    """Active low: the input is low while the channel is busy."""

    answer_s: float = 2.0
    """rigctld: timeout for an answer. Keying may take longer, see ``KEY_S``."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PttSettings:
        """Inverse of ``as_json``."""
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Ptt(Protocol):
    """One push-to-talk line. Opens unkeyed; every method raises PttError if the line cannot be driven."""

    def key(self) -> None:
        """Transmit."""

    def unkey(self) -> None:
        """Receive. May be called at any time, and repeatedly."""

    def busy(self) -> bool:
        """Whether the input named by ``carrier`` shows a carrier; False if none is named."""

    def close(self) -> None:
        """Unkey and release the device."""


def open_driver(settings: PttSettings) -> Ptt:
    """Open the driver itself in this process. Raises PttError."""
    driver = DRIVERS.get(settings.kind)
    if driver is None:
        raise PttError(f"ptt kind “{settings.kind}”: choose one of {', '.join(DRIVERS)}")
    module, _, name = driver.made_by.partition(":")
    opened: Ptt = getattr(import_module(f"voice.radio.ptt.{module}"), name)(settings)
    return opened


def kind_of_carrier(carrier: str) -> str:
    """Driver that provides this carrier detect. Raises PttError."""
    for kind, driver in DRIVERS.items():
        if carrier in driver.carriers:
            return kind
    raise PttError(f"carrier “{carrier}”: choose one of audio, {', '.join(CARRIERS)}")
