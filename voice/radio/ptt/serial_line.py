"""RTS or DTR of a serial port.

pyserial raises both lines when it opens a port, which would key the radio: the port is constructed closed, both lines
are cleared, then it is opened, and one handle is kept open throughout (direwolf#44, Hamlib#1343). Some adapters still
pulse while the system opens them; the wiring check shows it. If the process owning the port dies, the system closes it
and (HUPCL, set here) drops both lines.
"""

from __future__ import annotations

from voice.places import install
from voice.radio.ptt import PttError, PttSettings

LINES = ("RTS", "DTR")
INPUTS = {"CTS": "cts", "DSR": "dsr", "DCD": "cd"}
"""Pin name → pyserial's name."""


class SerialPtt:
    """Keys with one modem-control line; the other one stays low."""

    def __init__(self, settings: PttSettings) -> None:
        try:
            import serial
        except ImportError as e:
            raise PttError(f"ptt serial: pyserial is missing; {install('live')}") from e
        line = (settings.line or "RTS").upper()
        if line not in LINES:
            raise PttError(f"ptt serial: line “{settings.line}”; write RTS or DTR")
        if not settings.device:
            raise PttError('ptt serial: name the port, device = "/dev/ttyUSB0" or "COM3"')
        self._input = settings.carrier.upper()
        if self._input and self._input not in INPUTS:
            raise PttError(f"carrier on a serial port: input “{settings.carrier}”; write {', '.join(INPUTS)}")
        self._name, self._line, self._inverted = settings.device, line, settings.inverted
        self._carrier_inverted = settings.carrier_inverted
        self._errors: tuple[type[Exception], ...] = (serial.SerialException, OSError, ValueError)
        port = serial.Serial()
        port.port = settings.device
        port.dtr = port.rts = False
        setattr(port, line.lower(), settings.inverted)
        try:
            port.open()
        except self._errors as e:
            raise PttError(
                f"{settings.device}: cannot be opened ({e}); is it plugged in, free, and may you use it "
                "(Debian: adduser $USER dialout)?"
            ) from e
        self._port = port
        self._set_hupcl()

    def key(self) -> None:
        self._set(True)

    def unkey(self) -> None:
        self._set(False)

    def busy(self) -> bool:
        if not self._input:
            return False
        try:
            return bool(getattr(self._port, INPUTS[self._input])) != self._carrier_inverted
        except self._errors as e:
            raise PttError(f"{self._name}: {self._input} cannot be read ({e}); was the adapter unplugged?") from e

    def close(self) -> None:
        if self._port.is_open:
            try:
                self._set(False)
            finally:
                self._port.close()

    def _set(self, on: bool) -> None:
        try:
            setattr(self._port, self._line.lower(), on != self._inverted)
        except self._errors as e:
            raise PttError(f"{self._name}: {self._line} cannot be set ({e}); was the adapter unplugged?") from e

    def _set_hupcl(self) -> None:
        try:
            import termios
        except ImportError:  # Windows drops the lines by itself when the handle is closed
            return
        attributes = termios.tcgetattr(self._port.fileno())
        attributes[2] |= termios.HUPCL
        termios.tcsetattr(self._port.fileno(), termios.TCSANOW, attributes)
