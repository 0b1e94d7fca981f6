"""A visitor of the dashboard without a browser: the messages that Streamlit's page exchanges with its server.

A page is run until it is finished; what it shows is kept as the bytes that came, and widgets are known by their label.
Used where thirty visitors are needed and thirty browsers are too many.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

XSRF = "_streamlit_xsrf"
WITHIN_S = 60.0


class Visitor:
    """One session. What it was shown last: `widgets` by label, `figures`; `received`: all bytes ever."""

    def __init__(self, address: str, wire: ClientConnection) -> None:
        self._address, self._wire = address, wire
        self.received = bytearray()
        self.keeps_bytes = True
        self.session_id = ""
        self.widgets: dict[str, str] = {}
        self.states: dict[str, WidgetState] = {}
        self.figures: list[str] = []  # on the tiles of the page as it is, each with its name

    def open(self, page: str = "", query: str = "") -> Visitor:
        """Run the script of a page, by its name in the address, to its end."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        for state in self.states.values():
            message.rerun_script.widget_states.widgets.append(state)
        self._wire.send(message.SerializeToString())
        self._read_on()
        return self

    def choose(self, label: str, value: Any, page: str = "") -> Visitor:
        """Set a widget to a number or a text, and run the page with it."""
        state = WidgetState(id=self.widgets[label])
        if isinstance(value, str):
            state.string_value = value
        else:
            state.double_value = float(value)
        self.states[state.id] = state
        return self.open(page)

    def press(self, label: str, page: str = "") -> Visitor:
        """Press a button, and run the page with that."""
        self.states[label] = WidgetState(id=self.widgets[label], trigger_value=True)
        try:
            return self.open(page)
        finally:
            del self.states[label]

    def give_file(self, label: str, name: str, raw: bytes, page: str = "") -> Visitor:
        """Upload a file into a box, and run the page with it."""
        file_id, box = secrets.token_hex(8), WidgetState(id=self.widgets[label])
        place = f"{self._address}/_stcore/upload_file/{self.session_id}/{file_id}"
        with httpx.Client(timeout=WITHIN_S) as client:
            client.get(f"{self._address}/_stcore/health")
            token = client.cookies.get(XSRF, "")
            taken = client.put(place, files={"file": (name, raw)}, headers={"X-Xsrftoken": token})
            assert taken.status_code == 204, (taken.status_code, taken.text)
        told = box.file_uploader_state_value.uploaded_file_info.add()
        told.file_id, told.name, told.size = file_id, name, len(raw)
        told.file_urls.file_id, told.file_urls.upload_url, told.file_urls.delete_url = file_id, place, place
        self.states[box.id] = box
        return self.open(page)

    def _read_on(self) -> None:
        """Take what comes until the script has ended, reruns that it asked for itself included."""
        while True:
            raw = self._wire.recv(WITHIN_S)
            assert isinstance(raw, bytes)
            if self.keeps_bytes:
                self.received += raw
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session_id = message.new_session.initialize.session_id or self.session_id
                self.figures = []
            elif kind == "delta":
                self._note(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return

    def _note(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        found = getattr(element, kind) if kind else None
        if kind == "metric":
            self.figures.append(f"{found.label}: {found.body}")
        if found is not None and getattr(found, "id", "") and getattr(found, "label", ""):
            self.widgets[str(found.label)] = str(found.id)


@contextmanager
def visiting(address: str) -> Iterator[Visitor]:
    """A visitor for as long as the block lasts."""
    place = address.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(place, subprotocols=["streamlit"], max_size=None, origin=address, close_timeout=5) as wire:  # type: ignore[arg-type, list-item]
        yield Visitor(address, wire)
