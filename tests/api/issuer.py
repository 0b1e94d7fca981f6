"""A small identity provider on loopback: OpenID Connect's authorization code flow with PKCE and a nonce.

with Issuer() as issuer:
    issuer.person = {"sub": "ann", "email": "ann@example.org", "name": "Ann"}   # who signs in next, without being asked
    issuer.secrets(folder)                                                     # a secrets.toml for the dashboard
    issuer.lie = {"nonce": "another"}                                          # what its tokens say instead of the truth
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, CLIENT_SECRET = "dashboard", "a secret of the client that is long enough"
COOKIE_SECRET = "a secret of the cookies that is long enough to be one"


class Issuer:
    """Serves until closed; `key` signs its tokens, and `lie` replaces claims in them."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "ann", "email": "ann@example.org", "name": "Ann"}
        self.lie: dict[str, Any] = {}
        self.now = time.time
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
        self.signs_with = self.key
        self.asked: list[dict[str, str]] = []  # every question for a code
        self.codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="issuer", daemon=True).start()

    def __enter__(self) -> Issuer:
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def section(self, name: str) -> str:
        """What a secrets.toml says of this provider."""
        facts = {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "server_metadata_url": f"{self.address}/.well-known/openid-configuration",
        }
        return "\n".join([f"[auth.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in facts.items())])

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, question: dict[str, str]) -> str:
        """Where the browser goes next; ValueError for a question that a provider refuses."""
        wanted = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        if any(question.get(name) != value for name, value in wanted.items()):
            raise ValueError("not a question of the dashboard with PKCE")
        if not all(question.get(name) for name in ("nonce", "state", "code_challenge", "redirect_uri")):
            raise ValueError("a nonce, a state and a challenge are needed")
        self.asked.append(question)
        code = secrets.token_hex(8)
        self.codes[code] = question
        return f"{question['redirect_uri']}?{urlencode({'code': code, 'state': question['state']})}"

    def token(self, form: dict[str, str], basic: str) -> dict[str, Any]:
        """The tokens for a code, once, to the one who asked for it; ValueError for anybody else."""
        question = self.codes.pop(form.get("code", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != question["code_challenge"] or form["redirect_uri"] != question["redirect_uri"]:
            raise ValueError("another asked for this code")
        given = basic or f"{form.get('client_id')}:{form.get('client_secret')}"
        if given != f"{CLIENT}:{CLIENT_SECRET}":
            raise ValueError("not the client")
        now = int(self.now())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": question["nonce"]}
        told = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.person, **self.lie}, self.signs_with)
        return {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 600, "id_token": told}


def secrets_file(home: Path, *sections: str) -> None:
    """A secrets.toml in a home folder, as Streamlit looks for one."""
    folder = home / ".streamlit"
    folder.mkdir(parents=True, exist_ok=True)
    head = f'[auth]\nredirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"\ncookie_secret = "{COOKIE_SECRET}"'
    (folder / "secrets.toml").write_text("\n".join([head, *sections]), encoding="utf-8")


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at = urlsplit(self.path)
            if at.path == "/authorize":
                self._moved({name: values[0] for name, values in parse_qs(at.query).items()})
            elif at.path == "/jwks":
                self._json({"keys": [issuer.key.as_dict(private=False)]})
            else:
                self._json(issuer.metadata())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            basic = self.headers.get("Authorization", "").removeprefix("Basic ")
            try:
                self._json(issuer.token(form, unquote(base64.b64decode(basic).decode())))
            except (KeyError, ValueError) as error:
                self._json({"error": "invalid_grant", "error_description": str(error)}, 400)

        def _moved(self, question: dict[str, str]) -> None:
            try:
                to = issuer.authorize(question)
            except ValueError as error:
                self._json({"error": str(error)}, 400)
                return
            self.send_response(302)
            self.send_header("Location", to)
            self.end_headers()

        def _json(self, told: dict[str, Any], status: int = 200) -> None:
            raw = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    return Handler
