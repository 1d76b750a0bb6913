"""A certificate that signs itself, for the platform's host and every workspace's."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.cluster.plan import PLATFORM_HOST, TENANT_SUFFIX
from chatbot_saas.embedded.credentials import write_private

_DAYS = 30


def make(folder: Path) -> Path:
    """Writes `fullchain.pem` and `privkey.pem`; gives the certificate's path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PLATFORM_HOST)])
    now = datetime.datetime.now(datetime.UTC)
    hosts: list[x509.GeneralName] = [
        *(x509.DNSName(host) for host in (PLATFORM_HOST, f"*.{PLATFORM_HOST}")),
        *(x509.DNSName(host) for host in (TENANT_SUFFIX, f"*.{TENANT_SUFFIX}")),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of two processes may differ by a little.
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / "fullchain.pem"
    path.write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(folder / "privkey.pem", private.decode())
    return path


def trust(certificate: Path) -> ssl.SSLContext:
    """For clients: this certificate, and no other one."""
    return ssl.create_default_context(cafile=str(certificate))
