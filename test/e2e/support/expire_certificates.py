"""Gives certificates of the local cluster the same contents and a validity that has ended."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import CertificateBuilder, load_pem_x509_certificate

folder = Path(sys.argv[1])
authority = load_pem_private_key((folder / "ca.key").read_bytes(), None)
end = datetime.now(UTC) - timedelta(hours=1)
for name in sys.argv[2:]:
    path = folder / f"{name}.crt"
    old = load_pem_x509_certificate(path.read_bytes())
    whose = (old.issuer, old.subject, old.public_key(), old.serial_number)
    expired = CertificateBuilder(*whose, end - timedelta(days=90), end, list(old.extensions))
    path.write_bytes(expired.sign(authority, SHA256()).public_bytes(Encoding.PEM))
