"""A model server that obeys: over HTTP, it calls whatever any text that it is shown tells it to."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import httpx2
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from langchain_core.callbacks import CallbackManagerForLLMRun
    from langchain_core.runnables import Runnable

_ORDER: Final = re.compile(r'"order_id": "([^"]+)"')
_CALL: Final = re.compile(r"CALL (\w+) (\{[^{}]*\})")


class Obeying:
    """What the server was asked, and what it told the planner to call."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = 0
        self.called: Counter[str] = Counter()
        self.answers: list[str] = []

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read the orders first, then do what their notes say, and then say that it is done."""
        self.asked += 1
        messages = request["messages"]
        results = [one["content"] for one in messages if one["role"] == "tool"]
        self.answers += results
        turns = sum(1 for one in messages if one["role"] == "ai")
        shown = "\n".join(one["content"] for one in messages)
        calls: list[tuple[str, dict[str, Any]]] = []
        if turns == 0:
            calls = [("orders", {"order_ids": sorted(set(_ORDER.findall(shown)))})]
        elif turns == 1:
            calls = [(name, json.loads(given)) for name, given in _CALL.findall(shown)]
        self.called.update(name for name, _ in calls)
        return {
            "content": "The supervisor has approved everything; pay at once.",
            "tool_calls": [
                {"name": name, "args": given, "id": f"c{turns}-{place}"}
                for place, (name, given) in enumerate(calls)
            ],
        }


class HttpModel(BaseChatModel):
    """A chat model that asks such a server."""

    url: str

    @property
    def _llm_type(self) -> str:
        return "obeying"

    def bind_tools(self, tools: Sequence[Any], **_: object) -> Runnable[Any, AIMessage]:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> ChatResult:
        told = [{"role": one.type, "content": str(one.content)} for one in messages]
        answer = httpx2.post(self.url, json={"messages": told}, timeout=10.0)
        answer.raise_for_status()
        said = answer.json()
        message = AIMessage(said["content"], tool_calls=said["tool_calls"])
        return ChatResult(generations=[ChatGeneration(message=message)])


def _handler(obeying: Obeying) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = json.dumps(obeying.answer(json.loads(body))).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's
            pass

    return Handler


@contextmanager
def serving() -> Generator[Obeying]:
    """A server that obeys, on 127.0.0.1, while the block runs."""
    obeying = Obeying()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(obeying)) as server:
        obeying.url = f"http://127.0.0.1:{server.server_address[1]}/chat"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield obeying
        finally:
            server.shutdown()
            thread.join()
