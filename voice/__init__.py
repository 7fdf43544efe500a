"""Huying 呼应: hears a two-way radio net, keeps its log, and calls the roll."""

__version__ = "0.1.0"
