"""Logs in with the real google-auth through runyard's own transport, against a token server of this process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.errors import AdapterError
from adapters.vertex.adc import DefaultCredentials


class TokenServer(BaseHTTPRequestHandler):
    status = 200
    asked: list[str] = []  # noqa: RUF012  # http.server makes a handler per request; this is what they share

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["content-length"])).decode())
        answer = {"access_token": f"token-{len(self.asked)}", "expires_in": 3600, "token_type": "Bearer"}
        body = json.dumps(answer if self.status == 200 else {"error": "invalid_grant"}).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def account(folder: Path, token_uri: str) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "account.json"
    fields = {
        "type": "service_account",
        "project_id": "atlas-ml",
        "private_key": pem.decode(),
        "client_email": "x@atlas-ml.example",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(fields))
    return path


async def problem(credentials: DefaultCredentials) -> list[str]:
    try:
        return ["no error", await credentials.token()]
    except AdapterError as error:
        return [type(error).__name__, error.sentence]


async def main(folder: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), TokenServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(folder / "none.json")
    seen: dict[str, object] = {"missing": await problem(DefaultCredentials())}
    path = account(folder, f"http://127.0.0.1:{server.server_port}/token")
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    credentials = DefaultCredentials()
    seen["tokens"] = [await credentials.token(), await credentials.token()]
    seen["expires"] = credentials.expires is not None
    seen["asked"] = len(TokenServer.asked)
    TokenServer.status = 400
    seen["refused"] = await problem(DefaultCredentials())
    account(folder, "http://127.0.0.1:9/token")
    seen["down"] = await problem(DefaultCredentials())
    server.shutdown()
    print(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
