"""Cloud Storage's address, which restic has built in: a proxy with a certificate for it."""

import datetime
import http.client
import http.server
import json
import ssl
import threading
from email.message import Message
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_NAME = "storage.googleapis.com"


class GoogleAddress:
    """Passes what is sent to Cloud Storage to another port, and exchanges a key for a token."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.tokens = 0
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._certificate = folder / "certificate.pem"
        self._certificate.write_bytes(self._self_signed() + self._private_key())
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(self._certificate)
        self._server = _Server(self)
        self._url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._credentials = folder / "credentials.json"
        self._credentials.write_text(self._service_account())

    def __enter__(self) -> "GoogleAddress":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(self._credentials),
            "HTTPS_PROXY": self._url,
            "SSL_CERT_FILE": str(self._certificate),
        }

    def _service_account(self) -> str:
        return json.dumps(
            {
                "type": "service_account",
                "client_email": "backup@project.iam.gserviceaccount.com",
                "private_key": self._private_key().decode(),
                "token_uri": f"{self._url}/token",
            }
        )

    def _self_signed(self) -> bytes:
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
        day = datetime.timedelta(days=1)
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder(
                subject, subject, self._key.public_key(), x509.random_serial_number()
            )
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
            .sign(self._key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    def _private_key(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: GoogleAddress) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        self.address = address


class _Proxy(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        """What follows on this connection comes inside of TLS."""
        assert self.path == f"{_NAME}:443"
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.address.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)

    def do_GET(self) -> None:
        body = b"".join(self._body())
        if self.path == "/token":
            self.server.address.tokens += 1
            token = {"access_token": "token", "token_type": "Bearer", "expires_in": 3600}
            self._answer(200, {"Content-Type": "application/json"}, json.dumps(token).encode())
            return
        assert self.headers["Authorization"] == "Bearer token"
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.address.port)
        upstream.request(self.command, self.path, body, {"Host": _NAME, **_passed(self.headers)})
        answer = upstream.getresponse()
        self._answer(answer.status, _passed(answer.headers), answer.read())
        upstream.close()

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _body(self) -> list[bytes]:
        if self.headers["Transfer-Encoding"] != "chunked":
            return [self.rfile.read(int(self.headers["Content-Length"] or 0))]
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return parts

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _passed(headers: Message) -> dict[str, str]:
    """What either side needs of the other one's headers."""
    names = ("Content-Type", "Range", "Content-Range")
    return {name: headers[name] for name in names if headers[name]}
