"""A GPIO pin of a CM108 or CM119 USB sound chip, through its HID interface.

Output report (C-Media CM108 data sheet, HID_OR0..3; as in direwolf's ``cm108.c``): report number 0, then 0, pin levels,
pin directions, 0. If the process dies the chip holds its pin: only the keeper's own exit or unplugging unkeys it. Set
the radio's own time-out timer as well.
"""

from __future__ import annotations

from typing import Any

from voice.places import install
from voice.radio.ptt import PttError, PttSettings

VENDOR = 0x0D8C
"""C-Media Electronics."""

PRODUCTS = (0x000C, 0x0012, 0x0013, 0x0008, 0x013A, 0x013C)
"""CM108, CM108AH, CM119A, CM119, CM119 variants."""

VOLUME_DOWN = 0x02
"""Bit of the first byte of the input report (HID_IR0): the pin that adapters wire to the squelch."""

DEFAULT_PIN = 3
"""Radio adapters wire GPIO3 to PTT."""


class Cm108Ptt:
    """Keys with one GPIO pin."""

    def __init__(self, settings: PttSettings) -> None:
        try:
            import hid
        except ImportError as e:
            raise PttError(f"ptt cm108: hidapi is missing; {install('live')}") from e
        try:
            pin = int(settings.line or DEFAULT_PIN)
        except ValueError:
            pin = 0
        if not 1 <= pin <= 8:
            raise PttError(f"ptt cm108: pin “{settings.line}”; write a number from 1 to 8 (adapters use 3)")
        self._mask, self._inverted = 1 << (pin - 1), settings.inverted
        self._carrier, self._carrier_inverted, self._inputs = settings.carrier, settings.carrier_inverted, 0
        path = settings.device.encode() or _first(hid)
        self._device: Any = hid.device()
        try:
            self._device.open_path(path)
        except OSError as e:
            raise PttError(
                f"{path.decode()}: cannot be opened ({e}); on Linux a udev rule must allow it: "
                'SUBSYSTEM=="hidraw", ATTRS{idVendor}=="0d8c", MODE="0660", GROUP="plugdev"'
            ) from e
        self._device.set_nonblocking(True)
        self.unkey()

    def key(self) -> None:
        self._set(True)

    def unkey(self) -> None:
        self._set(False)

    def busy(self) -> bool:
        if not self._carrier:
            return False
        try:
            while data := self._device.read(4):  # a report comes when an input changes; the last one counts
                self._inputs = data[0]
        except (OSError, ValueError) as e:
            raise PttError(f"CM108: its inputs cannot be read ({e}); was the adapter unplugged?") from e
        return bool(self._inputs & VOLUME_DOWN) != self._carrier_inverted

    def close(self) -> None:
        try:
            self.unkey()
        finally:
            self._device.close()

    def _set(self, on: bool) -> None:
        try:
            written = self._device.write(report(self._mask, on != self._inverted))
        except (OSError, ValueError) as e:
            raise PttError(f"CM108: the pin cannot be set ({e}); was the adapter unplugged?") from e
        if written < 0:
            raise PttError(f"CM108: the pin cannot be set ({self._device.error()}); was the adapter unplugged?")


def report(mask: int, high: bool) -> bytes:
    """The output report that sets one pin."""
    return bytes((0, 0, mask if high else 0, mask, 0))


def _first(hid: Any) -> bytes:
    found = [d["path"] for d in hid.enumerate(VENDOR) if d["product_id"] in PRODUCTS]
    if not found:
        raise PttError("ptt cm108: no CM108 or CM119 sound adapter is plugged in; or name its device, /dev/hidraw0")
    return bytes(found[0])
