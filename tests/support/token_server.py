"""An authorisation server for tests: gives access tokens (RFC 6749), and tells Dovecot whose they are (RFC 7662)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = (
    "dsr-engine",
    "client-secret-of-the-tests",
    "refresh-token-of-the-tests",
)


@dataclass
class TokenServer:
    """`good` are the tokens that count now, `asked` the forms that came in. `user` is whose they are."""

    url: str = ""
    user: str = ""
    seconds: object = 3600
    status: int = 200
    answer: bytes | None = None
    good: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def token(self, form: dict[str, str]) -> tuple[int, object]:
        """A new token, or the refusal."""
        self.asked.append(form)
        known = form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        if not known:
            return 401, {
                "error": "invalid_client",
                "error_description": "who are you, camille@client.example?",
            }
        if form["grant_type"] == "refresh_token" and form.get("refresh_token") != REFRESH_TOKEN:
            return 400, {"error": "invalid_grant"}
        self.good.append(f"token-{len(self.asked)}")
        return self.status, {
            "access_token": self.good[-1],
            "token_type": "Bearer",
            "expires_in": self.seconds,
        }

    def introspect(self, form: dict[str, str]) -> tuple[int, object]:
        """Whose token it is."""
        if form.get("token") in self.good:
            return 200, {"active": True, "username": self.user}
        return 200, {"active": False}


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """A running one, on the loopback."""
    state = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, answer = (state.introspect if self.path == "/introspect" else state.token)(form)
            content = json.dumps(answer).encode() if state.answer is None else state.answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
