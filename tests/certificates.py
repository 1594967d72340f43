"""Certificates made when tests need them: an authority, and what it signs."""

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass
class Pair:
    """A certificate and its key, in PEM."""

    certificate: str
    key: str

    def locked(self, phrase: str, kind: str = "PKCS8") -> str:
        key = serialization.load_pem_private_key(self.key.encode(), None)
        how = serialization.BestAvailableEncryption(phrase.encode())
        return key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, kind), how).decode()

    @property
    def both(self) -> str:
        return self.key + self.certificate


class Authority:
    """Signs certificates."""

    def __init__(self, name: str = "Test CA") -> None:
        self.name = _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(self.name, self.name, self.key.public_key(), DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
        )
        builder = builder.add_extension(
            x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True
        )
        self.certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def signed(
        self, name: str, *, addresses: tuple[str, ...] = ("127.0.0.1",), lasts: datetime.timedelta = DAY
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        builder = _builder(_name(name), self.name, key.public_key(), lasts)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        encoding, format_ = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return Pair(certificate.decode(), key.private_bytes(encoding, format_, serialization.NoEncryption()).decode())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject, issuer, public_key, lasts) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - 2 * DAY).not_valid_after(now + lasts)
