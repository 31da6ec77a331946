"""Timelines as editing programs write them: small, made here, each with the same three clips unless it says otherwise."""

import io
import json
import struct
import zipfile

FPS = 24


def timecode(frame, fps=FPS):
    seconds, rest = divmod(frame, fps)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


def event(number, start, frames, comments=(), *, reel="AX", channels="V", kind="C", fps=FPS):
    cells = (timecode(0, fps), timecode(frames, fps), timecode(start, fps), timecode(start + frames, fps))
    lines = [f"{number:03d}  {reel:<8} {channels:<5} {kind:<6} {' '.join(cells)}", *comments]
    return "\r\n".join(lines) + "\r\n"


def edl(*events, title="CUT_V1"):
    return f"TITLE: {title}\r\nFCM: NON-DROP FRAME\r\n\r\n" + "".join(events)


def span(start, frames, rate=FPS):
    def time(value):
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(value)}

    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}


def otio_clip(name, url=None, frames=24, *, start=0, **metadata):
    reference = {"OTIO_SCHEMA": "MissingReference.1"} if url is None else {"OTIO_SCHEMA": "ExternalReference.1"}
    return {
        "OTIO_SCHEMA": "Clip.2", "name": name, "source_range": span(start, frames), "metadata": metadata,
        "media_references": {"DEFAULT_MEDIA": reference | ({"target_url": url} if url else {})},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }  # fmt: skip


def otio_track(children, kind="Video", name=""):
    return {"OTIO_SCHEMA": "Track.1", "name": name, "kind": kind, "children": children}


def otio_document(*tracks, name="cut"):
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": list(tracks)}
    return {"OTIO_SCHEMA": "Timeline.1", "name": name, "global_start_time": None, "tracks": stack}


def otio(*tracks, name="cut"):
    return json.dumps(otio_document(*tracks, name=name)).encode()


def clipitem(name, start, end, *, url=None, file_id="f1", into=0, extra=""):
    path = f"<name>{name}</name><pathurl>{url}</pathurl>" if url else ""
    return (
        f"<clipitem><name>{name}</name><rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><duration>500</duration>"
        f'<start>{start}</start><end>{end}</end><in>{into}</in><out>{into + 24}</out><file id="{file_id}">{path}</file>'
        f"{extra}</clipitem>"
    )


def fcp7_sequence(name, *items, sound=(), sequence_id="s1"):
    track = f"<track>{''.join(items)}</track>"
    audio = f"<audio><track>{''.join(sound)}</track></audio>" if sound else ""
    return (
        f'<sequence id="{sequence_id}"><name>{name}</name><duration>99</duration><rate><timebase>24</timebase>'
        f"<ntsc>FALSE</ntsc></rate><media><video>{track}</video>{audio}</media></sequence>"
    )


def fcp7(*sequences):
    return f'<?xml version="1.0"?>\n<!DOCTYPE xmeml>\n<xmeml version="5">{"".join(sequences)}</xmeml>'.encode()


def fcpxml(resources, spine, *, version="1.10", start="0s"):
    return (
        f'<?xml version="1.0"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="{version}"><resources>'
        f'<format id="r1" frameDuration="100/2400s"/>{resources}</resources><library><event name="E"><project name="cut">'
        f'<sequence format="r1" tcStart="{start}"><spine>{spine}</spine></sequence></project></event></library></fcpxml>'
    ).encode()


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def pool_clip(kind, key, name, sequence=""):
    rate = struct.pack("<dd", 24.0, 0.0).hex()
    inner = f'<Sequence><Sm2Sequence DbId="{sequence}"><FrameRate>{rate}</FrameRate></Sm2Sequence></Sequence>'
    return (
        f'<Element><{kind} DbId="{key}"><Name>{name}</Name>{inner if sequence else ""}<V><ListMgt::LmVersion DbId="1"/></V>'
        f"</{kind}></Element>"
    )


def track_item(name, start, frames, *, ref="", path="", into="", kind="Video"):
    return (
        f"<Element><Sm2Ti{kind}Clip><Name>{name}</Name><Start>{start}</Start><Duration>{frames}</Duration><In>{into}</In>"
        f"<MediaRef>{ref}</MediaRef><MediaFilePath>{path}</MediaFilePath></Sm2Ti{kind}Clip></Element>"
    )


def tracks(sequence, *items, kind="Video"):
    return (
        f'<?xml version="1.0"?>\n<!--DbAppVer="21.0.4.0005" DbPrjVer="17"-->\n<Sm2SequenceContainer><{kind}TrackVec>'
        f"<Element><Sm2TiTrack><Sequence>{sequence}</Sequence><Items>{''.join(items)}</Items></Sm2TiTrack></Element>"
        f"</{kind}TrackVec></Sm2SequenceContainer>"
    )


def drp(pool, containers):
    """A Resolve project: pool elements, and the XML of each sequence."""
    parts = {
        "project.xml": "<SM_Project/>",
        "MediaPool/Master/MpFolder.xml": f"<Sm2MpFolder>{''.join(pool)}</Sm2MpFolder>",
    }
    return zipped(parts | {f"SeqContainer/{at}.xml": text for at, text in enumerate(containers)})
