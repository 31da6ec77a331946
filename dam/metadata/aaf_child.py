"""A process of its own that turns one AAF into an OpenTimelineIO document on its standard output.

python -P -m dam.metadata.aaf_child FILE. OpenTimelineIO's AAF adapter and pyaaf2 below it are pure Python over a binary
format that they trust, keep state in their modules, and print. Here they may loop, grow or fail: the system ends them.
"""

import os
import resource
import sys

MAX_CPU_S = 10
MAX_MEMORY_BYTES = 1 << 30


def main(path: str) -> int:
    """0 = the document was written; 1 = the file cannot be read, with the kind of failure on standard error."""
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    answer = os.dup(1)
    os.dup2(2, 1)  # what the adapter prints is no data
    try:
        import opentimelineio

        document = opentimelineio.adapters.from_name("AAF").module().read_from_file(path).to_json_string()
    except Exception as error:  # noqa: BLE001  # the adapter raises whatever its own code runs into
        sys.stderr.write(f"\n{type(error).__name__}\n")
        return 1
    with os.fdopen(answer, "w", encoding="utf-8") as stream:
        stream.write(document)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
