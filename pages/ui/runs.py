"""Each run of a page's script: the id under which the log has it, how long it took, and what is said where it fails."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core import telemetry
from core.errors import SolarMiningError
from core.metrics import instruments
from core.traffic import traffic

LOG = logging.getLogger("solar_mining.pages")
SORRY = "Something went wrong that should not have. Nothing you entered is lost."


def new_id() -> str:
    return f"run_{secrets.token_hex(8)}"


@contextmanager
def measured(page: str) -> Iterator[None]:
    """Count and time a run of one of our pages."""
    began_s = time.perf_counter()
    try:
        yield
    except SolarMiningError:
        raise
    except Exception as error:
        if not _is_streamlits(error):
            instruments().page_errors.labels(page).inc()
        raise
    finally:
        instruments().pages.labels(page).observe(time.perf_counter() - began_s)


def unforeseen(error: Exception) -> bool:
    """Log what nobody foresaw and say so with its number, which tells nothing of the inside; True: nothing else is shown.

    Streamlit calls this for what escaped every other net.
    """
    if _is_streamlits(error):
        return False
    reference = telemetry.REQUEST.get() or new_id()
    LOG.error("a page failed", exc_info=error, extra={"facts": {"request_id": reference}})
    traffic().mishap()
    st.error(f"{SORRY} Reference {reference}.")
    return True


def _is_streamlits(error: BaseException) -> bool:
    """Whether it is Streamlit's own, which it tells better."""
    return type(error).__module__.startswith("streamlit")
