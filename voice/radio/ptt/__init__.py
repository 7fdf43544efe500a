"""The push-to-talk line: a family, a file per variant, chosen by name in ``net.toml``.

A stuck transmitter is the worst fault of all. So the line is owned by a small process of its own, the
keeper (``keeper.py``), which unkeys when the station ends, is killed, hangs or keys for too long.
A station uses ``KeptPtt``; the drivers themselves are used by the keeper, by the wiring check and by tests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from voice.errors import HuyingError

Kind = Literal["none", "serial", "cm108", "gpio", "rigctld"]
KINDS: tuple[str, ...] = ("none", "serial", "cm108", "gpio", "rigctld")


class PttError(HuyingError):
    """The line cannot be driven; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PttSettings:
    """Which line keys the transmitter."""

    kind: Kind = "none"
    """``none``: the radio keys itself on audio (VOX), or nothing is transmitted."""

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
    match settings.kind:
        case "none":
            from voice.radio.ptt.none import NoPtt

            return NoPtt()
        case "serial":
            from voice.radio.ptt.serial_line import SerialPtt

            return SerialPtt(settings)
        case "cm108":
            from voice.radio.ptt.cm108 import Cm108Ptt

            return Cm108Ptt(settings)
        case "gpio":
            from voice.radio.ptt.gpio import GpioPtt

            return GpioPtt(settings)
        case "rigctld":
            from voice.radio.ptt.rigctld import RigctldPtt

            return RigctldPtt(settings)
    raise PttError(f"ptt kind “{settings.kind}”: choose one of {', '.join(KINDS)}")
