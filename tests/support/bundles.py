"""Evidence bundles for tests: taken apart, changed, and put together again, with or without the signer's key."""

import io
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

from dam.report import bundle, zips

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def taken_apart(path):
    """{member: bytes}, in order."""
    with Path(path).open("rb") as stream:
        return {one.entry.name: b"".join(zips.blocks(stream, one)) for one in zips.read(stream)}


def packed(members):
    """A zip of the exact form over any members."""
    out = io.BytesIO()
    entries = ((zips.Entry(name, len(data), zlib.crc32(data)), [data]) for name, data in members.items())
    zips.write(entries, NOON, out)
    return out.getvalue()


def signed_again(members, sign, **changes):
    """What a dishonest signer would hand out: other members (None = left out), a right index, a right signature."""
    kept = {name: data for name, data in (members | changes).items() if data is not None}
    old = json.loads(kept.pop(bundle.INDEX))
    kept.pop(bundle.SIGNATURE)
    told = {one["path"]: one for one in old["members"]}
    new = [
        bundle.member(
            name, data, media_type=told[name]["media_type"] if name in told else "text/plain", what="a member"
        )
        for name, data in kept.items()
    ]
    facts = {name: value for name, value in old.items() if name not in ("format", "members", "signature")}
    plan = bundle.assemble(facts, new, made_at=NOON, sign=sign)
    return packed({one.name: one.data for one in plan.members})
