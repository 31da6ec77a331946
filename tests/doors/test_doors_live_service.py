"""`dam up` for real: a file that is dropped on the drive is found over HTTP, and Ctrl-C stops everything quickly."""

import os
import time

from tests.support import pictures
from tests.support.serving import serving


def wait_for(ask, *, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := ask():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def test_a_dropped_file_is_found_then_protected_and_ctrl_c_stops_the_service(library, tmp_path):
    drive = tmp_path / "drive"
    pictures.put(drive, "first.png", pictures.a1111_png(1, "a lighthouse in the storm"))
    with serving(library, tmp_path, "up", str(drive), DAM_SETTLE_S="0.2", DAM_RECONCILE_S="3600") as served:
        wait_for(lambda: served.get("/api/v1/assets?q=lighthouse")["total"] == 1)

        (drive / "new").mkdir()  # events alone must find what comes now: the next full pass is an hour away
        partial = drive / "new" / "second.png.part"
        partial.write_bytes(pictures.a1111_png(2, "a ferry at night", width=320, height=320))
        os.rename(partial, drive / "new" / "second.png")
        (card,) = wait_for(lambda: served.get("/api/v1/assets?q=ferry")["assets"])
        assert card["locations"][0]["path"] == "new/second.png"
        wait_for(lambda: served.get("/api/v1/assets?q=is:protected")["total"] == 2)

        os.rename(drive / "new" / "second.png", drive / "renamed.png")
        wait_for(lambda: served.get("/api/v1/assets?q=name:renamed")["total"] == 1)
        assert served.get(f"/api/v1/assets/{card['id']}")["availability"] == "online"

        code, seconds = served.stop()
    assert code == 0, served.words()
    assert seconds < 10
    assert "Traceback" not in served.words()


def test_serving_to_the_network_without_a_token_is_refused(library, tmp_path):
    from tests.support.libraries import dam

    answer = dam(library, "serve", "--host", "0.0.0.0", "--port", "0", "--json")
    assert answer.code == 4
    assert '"serve.token_needed"' in answer.err
