"""The web app put together in this process: as a client's partner, or answering on a port."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import gradio as gr
from starlette.testclient import TestClient

import app
from db.access.addresses import Names
from db.access.entrance import Way
from db.access.server import Server
from db.workspace import Workspace


def way(*, login: bool, port: int = 7860) -> Way:
    """People sign in, or everybody who reaches the app is the owner."""
    return Way(Names(local=not login), port=port, login=login)


def client(workspace: Workspace, *, login: bool) -> tuple[gr.Blocks, TestClient]:
    """The pages, and a browser on them."""
    demo = app.build(workspace, login=login, device="cpu")
    web = app.web(demo, workspace, way(login=login))
    return demo, TestClient(web, base_url="http://127.0.0.1:7860")


@contextlib.contextmanager
def answering(workspace: Workspace, *, login: bool = False) -> Iterator[str]:
    """The app on a port of its own; yields its address, which ends with a slash."""
    demo = app.build(workspace, login=login, device="cpu")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = app.web(demo, workspace, way(login=login, port=port))
    server = Server(web, "127.0.0.1", port, ending=lambda: app.close(demo))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(30)
