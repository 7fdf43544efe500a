"""The API against its own OpenAPI description: whatever fits the description gets an answer that fits it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.helpers.console import BEGAN, morning
from voice.journal.store import Journal
from voice.net.loading import Net

schemathesis = pytest.importorskip("schemathesis")
hypothesis = pytest.importorskip("hypothesis")


@pytest.fixture(scope="module")
def contract(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from fastapi import FastAPI

    from voice.console.api import router
    from voice.console.desk import Desk

    place = tmp_path_factory.mktemp("contract")
    with Journal(str(place / "log.sqlite")) as journal:
        clip = journal.clips.put((np.random.default_rng(1).standard_normal(12_000) * 3000).astype(np.int16))
        journal.append(morning(clip), BEGAN)
        desk = Desk(journal, net, place / "requests")
        app = FastAPI(title="Huying", version="1")
        app.include_router(router(desk))
        yield schemathesis.openapi.from_asgi("/openapi.json", app)
        desk.close()


def test_answers_fit_the_description(contract: Any) -> None:
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    asked = 0
    for found in contract.exclude(path_regex="stream").get_all_operations():  # which has no end: test_console.py
        operation = found.ok()

        def ask(case: Any) -> None:
            if case.path.endswith("/wait"):  # a long poll: what would be waited for is cut short
                wait = case.query.get("seconds", 20)
                case.query["seconds"] = wait / 1000 if isinstance(wait, int | float) and 0 < wait <= 30 else wait
            # Units, meanings and readings are checked against the net: 422 is a fair answer to what is well formed.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        hypothesis.settings(
            max_examples=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )(hypothesis.given(case=operation.as_strategy())(ask))()
        asked += 1
    assert asked >= 20
