"""Mutual TLS among the pods and clients of one cluster, which share no more than a secret.

Each derives the same certificate authority from it, issues its own certificate and trusts no other
authority.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


_AUTHORITY = _name("training cluster")
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=3650)
"""Clocks differ, and a pod of a shared cluster may run for years. A new secret ends them all."""


def tls_files(secret: str, cluster: str) -> dict[str, bytes]:
    """Issues a certificate for this process. Clusters with one secret differ by their names."""
    seed = HKDF(hashes.SHA256(), 32, salt=None, info=cluster.encode()).derive(secret.encode())
    authority_key = Ed25519PrivateKey.from_private_bytes(seed)
    key = Ed25519PrivateKey.generate()
    return {
        "ca-file": _pem(_certificate(authority_key.public_key(), authority_key, is_ca=True)),
        "cert": _pem(_certificate(key.public_key(), authority_key, is_ca=False)),
        "key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    }


def tls_settings(secret: str, cluster: str) -> dict[str, str]:
    """Issues this pod's certificate. Returns the variables by which Dask finds it, for this process
    and those that it starts, as scheduler, worker or client."""
    folder = Path(mkdtemp(prefix="dask-certificates-"))  # only for this user
    for name, content in tls_files(secret, cluster).items():
        (folder / name).write_bytes(content)
    own = {
        f"DASK_DISTRIBUTED__COMM__TLS__{role}__{name.upper()}": str(folder / name)
        for role in ("SCHEDULER", "WORKER", "CLIENT")
        for name in ("cert", "key")
    }
    return {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(folder / "ca-file"),
        **own,
    }


def _certificate(
    key: Ed25519PublicKey, authority: Ed25519PrivateKey, *, is_ca: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = _AUTHORITY if is_ca else _name("pod of the cluster")
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_AUTHORITY)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), False
        )
    )
    if not is_ca:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        built = built.add_extension(x509.ExtendedKeyUsage(both), False)
    return built.sign(authority, None)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
