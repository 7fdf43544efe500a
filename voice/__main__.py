"""``python -m voice``: the same as ``huying``."""

from voice.cli import main

if __name__ == "__main__":
    main()
