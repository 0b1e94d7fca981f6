"""Some hundred requests made from the API's own description (API-01); `make soak` makes ten thousand."""

from __future__ import annotations

from tests.api.fuzzing import WORK, server, tried

EXAMPLES = 4  # an operation


def test_no_request_that_can_be_made_from_the_description_breaks_anything() -> None:
    with server() as (address, keys):
        for key in keys:
            run = tried(address, key, EXAMPLES, "--generation-deterministic", *WORK)
            assert run.code == 0, run.said[:6000]
            assert run.cases > 100
