"""Hostile signed files through the judge, in a process that dies if it opens a socket.

usage: python -m tests.support.signed_hostile FIRST COUNT      (prints one JSON object)

The system kills the process, and every process that it starts, at the first socket() for IPv4 or IPv6 (seccomp): the C2PA
library is native code, so a Python socket that raises would prove nothing.
"""

import ctypes
import faulthandler
import json
import os
import platform
import resource
import struct
import sys
import tempfile
from pathlib import Path

from dam.ingest.inspection import inspect_file
from dam.model import CredentialState
from dam.provenance import verdict
from dam.provenance.trust import TrustStore
from tests.support import signed_corpus
from tests.support.signed import Signer

MAX_CPU_S = 2.0
HANG_S = 60
ARCH = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # audit number, socket()
_KILL, _ALLOW = 0x80000000, 0x7FFF0000


def forbid_sockets():
    """From now on socket(AF_INET or AF_INET6) ends this process and its children. False where that is not possible."""
    known = ARCH.get(platform.machine())
    if known is None or sys.platform != "linux":
        return False
    arch, call = known
    rules = [
        (0x20, 0, 0, 4), (0x15, 1, 0, arch), (0x06, 0, 0, _ALLOW),  # load arch; another one is let through
        (0x20, 0, 0, 0), (0x15, 1, 0, call), (0x06, 0, 0, _ALLOW),  # load the call's number
        (0x20, 0, 0, 16), (0x15, 2, 0, 2), (0x15, 1, 0, 10), (0x06, 0, 0, _ALLOW), (0x06, 0, 0, _KILL),
    ]  # fmt: skip
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))

    class Program(ctypes.Structure):
        _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    program = Program(len(rules), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program)) == 0


def _cpu_s():
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main(first, count):
    """Judge `count` files; findings are (number, name, what)."""
    store = TrustStore.of(Signer("Trusted").root_pem)
    corpus = signed_corpus.honest()
    blocked = forbid_sockets()
    findings, states, apart, slowest = [], {}, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            name, data = signed_corpus.mutated(number, corpus)
            path = Path(folder) / f"{number}{Path(name).suffix}"
            path.write_bytes(data)
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            begun = _cpu_s()
            try:
                seen = inspect_file(os.fspath(path), store).credentials
                direct = verdict.judge_bytes(data, signed_corpus.MIMES.get(path.suffix[1:], ""), store)
                states[seen.state.value] = states.get(seen.state.value, 0) + 1
                if CredentialState.TRUSTED in (seen.state, direct.state):
                    findings.append((number, name, "trusted by a list that never held the signer"))
                apart += "manifest.too_large" in seen.codes
            except Exception as error:  # any is a finding
                findings.append((number, name, f"{type(error).__name__}: {error}"))
            used = _cpu_s() - begun
            if used / 2 > slowest:
                slowest = used / 2
            if used > 2 * MAX_CPU_S:  # judged twice
                findings.append((number, name, f"{used:.1f} s of CPU"))
            path.unlink()
    faulthandler.cancel_dump_traceback_later()
    # VmHWM, not ru_maxrss: that one is inherited from whoever started this process.
    peak = (
        next(int(row.split()[1]) for row in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in row)
        // 1024
    )
    answer = {
        "files": count, "sockets_blocked": blocked, "findings": findings, "states": states, "too_large": apart,
        "slowest_cpu_s": round(slowest, 3), "peak_mb": peak, "seeds": len(corpus),
    }  # fmt: skip
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
