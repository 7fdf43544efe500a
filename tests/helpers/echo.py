"""A worker that answers with its job, after as many seconds as stand in it."""

import time
from typing import Any

from voice.speech.worker import serve


def echo(job: dict[str, Any]) -> dict[str, Any]:
    time.sleep(job["seconds"])
    return job


if __name__ == "__main__":
    serve(echo)
