"""Waiting for what other threads and processes do."""

import time


def until(condition, timeout_s=20.0):
    """Whether the condition became true in time."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
