"""Where things lie in a checkout."""

from __future__ import annotations

from voice.places import data_folder

ROOT = data_folder()
SHIPPED = ROOT / "models" / "huying-zh-8k"
