"""The push-to-talk line: a family, a file per variant, chosen by name in ``net.toml``.

A stuck transmitter is the worst fault of all. So the line is owned by a small process of its own, the
keeper (``keeper.py``), which unkeys when the station ends, is killed, hangs or keys for too long.
A station uses ``KeptPtt``; the drivers themselves are used by the keeper, by the wiring check and by tests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, Protocol

from voice.errors import HuyingError


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of line. Adding one is a file beside this and a line in ``DRIVERS``."""

    made_by: str
    """``module:class`` in this folder, imported when it is opened."""
    carriers: tuple[str, ...] = ()
    """Carrier detects that it can ask for, as ``[station] carrier`` names them."""


DRIVERS: dict[str, Driver] = {
    "none": Driver("none:NoPtt"),
    "serial": Driver("serial_line:SerialPtt", ("cts", "dsr", "dcd")),
    "cm108": Driver("cm108:Cm108Ptt", ("cm108",)),
    "gpio": Driver("gpio:GpioPtt"),
    "rigctld": Driver("rigctld:RigctldPtt", ("rigctld",)),
}
KEY_S = 6.0
"""A line may take so long until it transmits: there are rigs that take five seconds (freedv-gui#1344)."""

CARRIERS: tuple[str, ...] = tuple(c for d in DRIVERS.values() for c in d.carriers)


class PttError(HuyingError):
    """The line cannot be driven; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PttSettings:
    """Which line keys the transmitter."""

    kind: str = "none"
    """A key of ``DRIVERS``. ``none``: the radio keys itself on audio (VOX), or nothing is transmitted."""

    device: str = ""
    """serial: port (``/dev/ttyUSB0``, ``COM3``); cm108: hidraw path, the first CM108 if empty; gpio: chip
    (``/dev/gpiochip0``); rigctld: ``host:port``."""

    line: str = ""
    """serial: ``RTS`` or ``DTR``; cm108: GPIO pin 1..8; gpio: line number."""

    inverted: bool = False
    """The line is low while transmitting."""

    carrier: str = ""
    """Input of the same device that shows a carrier: serial ``CTS``, ``DSR`` or ``DCD``; any word for cm108 (the
    volume-down input, which adapters wire to the squelch) and rigctld (``get_dcd``). Empty: none is asked."""

    carrier_inverted: bool = False
    """The input is low while somebody transmits."""

    answer_s: float = 2.0
    """rigctld: how long an answer may take. Keying may take longer, see ``KEY_S``."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PttSettings:
        """What ``as_json`` wrote."""
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Ptt(Protocol):
    """One push-to-talk line. Opened unkeyed; every method raises PttError when the line cannot be driven."""

    def key(self) -> None:
        """Transmit."""

    def unkey(self) -> None:
        """Receive. May be called at any time and again."""

    def busy(self) -> bool:
        """Whether the input named by ``carrier`` shows somebody transmitting; False if none is named."""

    def close(self) -> None:
        """Unkey and let go of the device."""


def open_driver(settings: PttSettings) -> Ptt:
    """The driver itself, in this process. Raises PttError."""
    driver = DRIVERS.get(settings.kind)
    if driver is None:
        raise PttError(f"ptt kind “{settings.kind}”: choose one of {', '.join(DRIVERS)}")
    module, _, name = driver.made_by.partition(":")
    opened: Ptt = getattr(import_module(f"voice.radio.ptt.{module}"), name)(settings)
    return opened


def kind_of_carrier(carrier: str) -> str:
    """The kind of driver that asks for this carrier detect. Raises PttError."""
    for kind, driver in DRIVERS.items():
        if carrier in driver.carriers:
            return kind
    raise PttError(f"carrier “{carrier}”: choose one of audio, {', '.join(CARRIERS)}")
