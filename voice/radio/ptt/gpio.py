"""A GPIO line of a Raspberry Pi or another board, through the kernel's character device (gpiod 2).

When the process that holds the line dies, the kernel releases it; most controllers then revert to input, so a pull-down
resistor on the line unkeys the radio.
"""

from __future__ import annotations

from typing import Any

from voice.places import install
from voice.radio.ptt import PttError, PttSettings


class GpioPtt:
    """Keys with one line of a GPIO chip."""

    def __init__(self, settings: PttSettings) -> None:
        try:
            import gpiod
        except ImportError as e:
            raise PttError(f"ptt gpio: gpiod is missing (Linux only); {install('live')}") from e
        if not settings.line.isdigit():
            raise PttError(f"ptt gpio: line “{settings.line}”; write its number on the chip, e.g. 17")
        self._line, chip = int(settings.line), settings.device or "/dev/gpiochip0"
        self._on, self._off = gpiod.line.Value.ACTIVE, gpiod.line.Value.INACTIVE
        wanted = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT, active_low=settings.inverted, output_value=self._off
        )
        try:
            self._request: Any = gpiod.request_lines(chip, consumer="huying", config={self._line: wanted})
        except (OSError, ValueError) as e:
            raise PttError(
                f"{chip} line {self._line}: cannot be used ({e}); is it free (gpioinfo), and may you use it?"
            ) from e

    def key(self) -> None:
        self._request.set_value(self._line, self._on)

    def unkey(self) -> None:
        self._request.set_value(self._line, self._off)

    def busy(self) -> bool:
        return False

    def close(self) -> None:
        try:
            self.unkey()
        finally:
            self._request.release()
