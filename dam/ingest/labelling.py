"""Write the labels that the law asks for into the bytes of a copy, before it is signed. Never into an original."""

import io
from typing import BinaryIO

from dam.media import xmpembed, xmpwrite
from dam.provenance.compose import Evidence, Policy
from dam.provenance.labels import TC260, Label, label_of
from dam.settings import Settings


def label_for(settings: Settings, evidence: Evidence, policy: Policy) -> Label | None:
    """What is to be written into a copy of this file; None where nothing is."""
    if not settings.write_labels:
        return None
    return label_of(evidence, policy, settings.aigc_producer)


def labelled(data: bytes, mime: str, label: Label | None) -> tuple[bytes, bool]:
    """The copy with its labels and True; or as it was and False: no label, no place for one, or a packet that cannot be
    edited without harm.
    """
    if label is None or mime not in xmpembed.MIMES:
        return data, False
    target = io.BytesIO()
    if not write(io.BytesIO(data), target, mime, label) or target.tell() == 0:
        return data, False
    changed = target.getvalue()
    return changed, changed != data


def write(source: BinaryIO, target: BinaryIO, mime: str, label: Label) -> bool:
    """`labelled` from one stream into another, for files that are too large for memory. False = nothing was written."""
    replace = {(TC260, "AIGC"): label.aigc} if label.aigc else {}

    def change(packet: bytes | None) -> bytes | None:
        return xmpwrite.merge(packet, label.properties, replace)

    return xmpembed.write(source, target, mime, change, label.aigc.encode() if label.aigc else None)
