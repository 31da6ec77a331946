"""Signing identities from outside, good and bad: a root, a CA, and a leaf that a test may spoil."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dam.provenance import certificates
from dam.provenance.certificates import CLAIM_SIGNING

KEYS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
CODES = {  # what is wrong -> the code that says so
    "expired": "signer.expired",
    "early": "signer.not_yet_valid",
    "no organisation": "signer.no_organisation",
    "a CA": "signer.is_ca",
    "no key usage": "signer.key_usage",
    "no purpose": "signer.eku",
    "wrong purpose": "signer.eku",
    "any purpose": "signer.eku",
    "also time stamps": "signer.eku",
    "no authority key": "signer.no_aki",
    "P-521": "signer.algorithm",
}


class Identity:
    """`chain` and `key` are files in `folder`; the root is in `root_pem` and not in the chain."""

    def __init__(self, folder, alg="es256", *, wrong=""):
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        root = certificates.new_root("Outside", now)
        issuing = certificates.new_issuing(root, "Outside", now)
        self.private = ec.generate_private_key(ec.SECP521R1()) if wrong == "P-521" else KEYS[alg]()
        self.leaf = _leaf(self.private.public_key(), issuing, now, wrong)
        self.root_pem = root.certificate_pem().decode()
        self.chain, self.key = folder / "chain.pem", folder / "key.pem"
        self.chain.write_bytes(certificates.pem(self.leaf, issuing.certificate, root.certificate))
        self.put_key(serialization.NoEncryption())

    def put_key(self, encryption):
        pkcs8 = serialization.PrivateFormat.PKCS8
        self.key.touch(mode=0o600)
        self.key.write_bytes(self.private.private_bytes(serialization.Encoding.PEM, pkcs8, encryption))

    @property
    def environment(self):
        return {"DAM_SIGNING_CHAIN": str(self.chain), "DAM_SIGNING_KEY": str(self.key)}


def _leaf(public, issuing, now, wrong):
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "Outside Signer")]
    if wrong != "no organisation":
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Outside"))
    start = {"expired": now - timedelta(days=30), "early": now + timedelta(days=2)}.get(wrong, now - timedelta(days=1))
    end = now - timedelta(days=2) if wrong == "expired" else now + timedelta(days=90)
    builder = (
        x509.CertificateBuilder(issuing.certificate.subject, x509.Name(names), public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(wrong == "a CA", None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if wrong != "no key usage":
        usage = x509.KeyUsage(True, False, False, False, False, wrong == "a CA", False, False, False)
        builder = builder.add_extension(usage, critical=True)
    if wrong != "no authority key":
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.key.public_key())
        builder = builder.add_extension(above, critical=False)
    purposes = {
        "no purpose": [],
        "wrong purpose": [ExtendedKeyUsageOID.CLIENT_AUTH],
        "any purpose": [CLAIM_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE],
        "also time stamps": [CLAIM_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING],
    }.get(wrong, [CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return builder.sign(issuing.key, hashes.SHA384())
