"""Check what another time-stamp authority answered (RFC 3161 §2.4.2), before the SDK gets it.

asn1crypto reads it, some 15 ms an answer; our own responder's answers do not come here.
"""

from datetime import datetime, timedelta
from typing import Any

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from dam.provenance.timestamps import MAX_ANSWER_BYTES, Authority, Question, common_name, fault

CLOCK_TOLERANCE = timedelta(hours=1)
_GRANTED = ("granted", "granted_with_mods")


class _Answer(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """TimeStampResp as RFC 3161 has it: a refusal carries no token (asn1crypto's own class demands one)."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]  # noqa: RUF012  # asn1crypto's way


def check_answer(question: Question, answer: bytes, now: datetime) -> Authority:
    """Check what an authority answered: status, imprint, nonce, time, and its certificate's purpose.

    The signature inside is the SDK's to check, which it does before it takes the stamp.

    Raises:
        TimestampUnavailableError: the first fault, with its code.
    """
    try:
        parsed = _Answer.load(answer[:MAX_ANSWER_BYTES], strict=True)
        status = parsed["status"]["status"].native
        if status not in _GRANTED:
            words = " ".join(parsed["status"]["status_string"].native or ())[:200]
            raise fault("refused", f"refuses: {status} {words}".strip())
        signed = parsed["time_stamp_token"]["content"]
        info = signed["encap_content_info"]["content"].parsed
        if not isinstance(info, tsp.TSTInfo):
            raise fault("invalid", "sent something that is no time stamp")
        imprint, asked = (
            (one["hash_algorithm"]["algorithm"].native, one["hashed_message"].native)
            for one in (info["message_imprint"], tsp.MessageImprint.load(question.imprint))
        )
        nonce, at = info["nonce"].native, info["gen_time"].native
        own = _signing_certificate(signed)
        found = tuple(_certificates(signed))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise fault("invalid", f"sent an answer that cannot be read ({type(error).__name__})") from error
    if imprint != asked:
        raise fault("imprint", "stamped something else")
    if nonce != question.nonce:
        raise fault("nonce", "answered another question (nonce)")
    if abs(at - now) > CLOCK_TOLERANCE:
        raise fault("clock", f"says it is {at:%Y-%m-%d %H:%M} UTC, this machine {now:%Y-%m-%d %H:%M}")
    if own is None:
        raise fault("certificate", "sent no certificate")
    _check_purpose(own)
    return Authority(common_name(own), (own, *(one for one in found if one != own)), at)


def _check_purpose(own: x509.Certificate) -> None:
    try:
        found = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise fault("certificate", "stamps with a certificate that is not for time stamps") from error
    if not found.critical or list(found.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise fault("certificate", "stamps with a certificate that is not for time stamps alone (RFC 3161 §2.3)")


def _signing_certificate(signed: Any) -> x509.Certificate | None:
    """The one that the stamp's signature names."""
    (signer,) = signed["signer_infos"]
    chosen = signer["sid"].chosen
    by_serial = signer["sid"].name == "issuer_and_serial_number"
    for one in signed["certificates"]:
        certificate = one.chosen
        if by_serial and (chosen["issuer"], chosen["serial_number"].native) == (
            certificate.issuer,
            certificate.serial_number,
        ):
            return x509.load_der_x509_certificate(certificate.dump())
        if not by_serial and chosen.native == certificate.key_identifier:
            return x509.load_der_x509_certificate(certificate.dump())
    return None


def _certificates(signed: Any) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(one.chosen.dump()) for one in list(signed["certificates"])[:8]]
