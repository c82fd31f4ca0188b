"""A restic repository that opens at once.

restic derives the key of a repository from its password for half a second of a core, and a backup
opens it a dozen times. That protects a password and proves nothing here.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.poly1305 import Poly1305

CHEAP = {"N": 2, "r": 8, "p": 1}


def make_cheap(repository: Path, password: str) -> None:
    """Encrypts the repository's master key again, with a key that is derived in no time."""
    (file,) = (repository / "keys").iterdir()
    name, content = cheap_key(file.read_bytes(), password)
    file.unlink()
    file.with_name(name).write_bytes(content)


def cheap_key(costly: bytes, password: str) -> tuple[str, bytes]:
    """The name and the content of a key file that opens what this one does.

    https://restic.readthedocs.io/en/stable/100_references.html#keys-encryption-and-mac
    """
    key = json.loads(costly)
    master = _decrypted(base64.b64decode(key["data"]), _derived(key, password))
    cheap = key | CHEAP
    cheap["data"] = base64.b64encode(_encrypted(master, _derived(cheap, password))).decode()
    content = json.dumps(cheap).encode()
    return hashlib.sha256(content).hexdigest(), content


def _derived(key: dict, password: str) -> bytes:
    n, r, p = (key[name] for name in CHEAP)
    salt = base64.b64decode(key["salt"])
    memory = 256 * n * r * p + 2**20
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=64)


def _decrypted(sealed: bytes, key: bytes) -> bytes:
    nonce, content, mac = sealed[:16], sealed[16:-16], sealed[-16:]
    Poly1305.verify_tag(_mac_key(nonce, key), content, mac)
    return _counted(content, nonce, key)


def _encrypted(content: bytes, key: bytes) -> bytes:
    nonce = os.urandom(16)
    sealed = _counted(content, nonce, key)
    return nonce + sealed + Poly1305.generate_tag(_mac_key(nonce, key), sealed)


def _counted(content: bytes, nonce: bytes, key: bytes) -> bytes:
    """AES-256 in counter mode, which is the same both ways."""
    return Cipher(AES(key[:32]), CTR(nonce)).encryptor().update(content)


def _mac_key(nonce: bytes, key: bytes) -> bytes:
    return key[48:] + Cipher(AES(key[32:48]), ECB()).encryptor().update(nonce)
