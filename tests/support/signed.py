"""Signed files by somebody who is not us: a chain of their own, made on the spot, and the C2PA library as it is."""

import datetime as dt
import io
import json

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID

IRI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CREATED = {
    "label": "c2pa.actions.v2",
    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": IRI, "softwareAgent": {"name": "Acme Gen"}}]},
}
OPENED = {
    "label": "c2pa.actions.v2",
    "data": {"actions": [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["p"]}}]},
}


class Signer:
    """A root and a leaf of `name`, valid from `start` for `days`."""

    def __init__(self, name, *, days=30, start=None, root_days=3650):
        self._start = start or dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate(name, "Root", root_key, root_key, days=root_days)
        self.leaf = self._certificate(name, "Signer", self._key, root_key, days=days, issuer=self.root)

    @property
    def root_pem(self):
        return pem_of(self.root)

    def _certificate(self, name, role, key, issuing_key, *, days, issuer=None):
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {role}"),
            ]
        )
        usage = dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._start)
            .not_valid_after(self._start + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=issuer is not None, key_cert_sign=issuer is None, crl_sign=issuer is None, **usage
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key()), critical=False)
        )
        if issuer is not None:
            made = made.add_extension(x509.ExtendedKeyUsage([Purpose.EMAIL_PROTECTION]), critical=False)
        return made.sign(issuing_key, hashes.SHA256())

    def sign(self, data, mime, *, parent=None, assertions=(), compress=False):
        """The signed bytes. `parent`: (bytes, mime) of a file that it was made from; `assertions`: more of them."""
        said = {
            "title": "a file",
            "claim_generator_info": [{"name": "Acme", "version": "1"}],
            "assertions": [OPENED if parent else CREATED, *assertions],
        }
        out = io.BytesIO()
        with (
            c2pa.Context.from_dict(_settings(compress=compress)) as context,
            c2pa.Signer.from_callback(self._raw, c2pa.C2paSigningAlg.ES256, pem_of(self.leaf), None) as signer,
            c2pa.Builder.from_json(json.dumps(said), context) as builder,
        ):
            if parent:
                entry = {"title": "parent", "relationship": "parentOf", "label": "p"}
                builder.add_ingredient(json.dumps(entry), parent[1], io.BytesIO(parent[0]))
            builder.sign(signer, mime, io.BytesIO(data), out)
        return out.getvalue()

    def _raw(self, blob):
        r, s = decode_dss_signature(self._key.sign(blob, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem():
    """Some private key, which belongs into no list."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _settings(*, compress):
    off = {"enabled": False}
    actions = {"auto_created_action": off, "auto_opened_action": off, "auto_placed_action": off}
    return {
        "version": 1,
        "core": {"allowed_network_hosts": [], "prefer_compress_manifests": compress},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
        "builder": {"thumbnail": off, "actions": actions},
    }
