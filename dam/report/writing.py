"""Put a planned bundle on a disk: whole or not at all, and never over something else."""

import errno
import os
import secrets
from pathlib import Path

from dam.errors import ConflictError
from dam.report import zips
from dam.report.bundle import Plan
from dam.storage.local import explain

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def write(plan: Plan, target: Path) -> None:
    """Temp file beside it, fsync, then a name that nothing has; a failure leaves nothing.

    Raises:
        ConflictError: the name was taken meanwhile, or a file changed while it was packed.
        StorageError: the operating system refuses.
    """
    temp = target.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        with temp.open("xb") as stream:
            zips.write(((one.entry, one.blocks()) for one in plan.members), plan.made_at, stream)
            stream.flush()
            os.fsync(stream.fileno())
        _give_name(temp, target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError as error:
        raise ConflictError(f"{target} is there already.", code="evidence.taken") from error
    except OSError as error:
        raise explain(error, target) from error
    finally:
        temp.unlink(missing_ok=True)


def _give_name(temp: Path, target: Path) -> None:
    """A link never replaces what has the name; a file system without links gets the next best."""
    try:
        os.link(temp, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists", str(target)) from error
        temp.rename(target)
