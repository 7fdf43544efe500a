"""No PTT line: the radio keys itself on audio (VOX), or there is no transmitter.

VOX opens late, so the transmitter sends ``VOX_LEAD_S`` of tone before speech. If the station dies the audio stops and
the radio unkeys after its hang time.
"""

from __future__ import annotations

from voice.radio.ptt import PttSettings

VOX_LEAD_S = 0.5
"""Seconds of tone that open a VOX (svxlink, direwolf and graywolf users report clipped starts with less)."""


class NoPtt:
    """Does nothing."""

    def __init__(self, settings: PttSettings | None = None) -> None:
        """``settings``: ignored."""

    def key(self) -> None: ...

    def unkey(self) -> None: ...

    def busy(self) -> bool:
        return False

    def close(self) -> None: ...
