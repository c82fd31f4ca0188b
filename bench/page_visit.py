"""Visitors of Streamlit pages, without a browser: a line `host:port` on standard input for each.

A visitor opens the page as soon as it answers, presses Predict when the form is there, and tells
the prediction that is then shown. Needs the packages of a page.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


def visit(address: str) -> str:
    """What the page predicts."""
    until_healthy(address)
    with connect(f"ws://{address}/_stcore/stream", origin=f"http://{address}") as page:
        page.send(BackMsg(rerun_script={}).SerializeToString())
        buttons = [one.button for one in shown(page) if one.WhichOneof("type") == "button"]
        (predict,) = (button.id for button in buttons if button.label == "Predict")
        pressed = {"widgets": [{"id": predict, "trigger_value": True}]}
        page.send(BackMsg(rerun_script={"widget_states": pressed}).SerializeToString())
        elements = list(shown(page))
    (prediction,) = (one.metric.body for one in elements if one.WhichOneof("type") == "metric")
    return prediction


def until_healthy(address: str) -> None:
    """Waits for the server of the page."""
    while True:
        try:
            if requests.get(f"http://{address}/_stcore/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.02)


def shown(page: ClientConnection) -> Iterator[Element]:
    """What a run of the script draws."""
    while True:
        message = ForwardMsg.FromString(page.recv(60))
        if message.delta.HasField("new_element"):
            yield message.delta.new_element
        if message.WhichOneof("type") == "script_finished":
            assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            return


for line in sys.stdin:
    prediction = visit(line.strip())
    print(prediction, flush=True)
