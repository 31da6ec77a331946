"""Secrets do not leave the catalogue; what is no secret stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.metadata.secrets import MARK, redact

KEY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4"  # made up
SECRETS = {
    "AWS": f"https://b.s3.amazonaws.com/p/a.png?X-Amz-Algorithm=AWS4&X-Amz-Credential={KEY}%2F20261125&X-Amz-Date=1&X-Amz-Security-Token={KEY}&X-Amz-Signature={KEY}",
    "AWS v2": f"https://b.s3.amazonaws.com/a.png?AWSAccessKeyId={KEY}&Expires=1&Signature={KEY}%3D",
    "GCS": f"https://storage.googleapis.com/b/a.png?X-Goog-Algorithm=G&X-Goog-Credential={KEY}&X-Goog-Signature={KEY}",
    "Azure SAS": f"https://acc.blob.core.windows.net/c/a.png?sv=2024-01-01&se=2026&sr=b&sp=r&sig={KEY}%3D",
    "Cloudflare": f"https://imagedelivery.net/x/a.png?verify=1700000000-{KEY}",
    "CloudFront": f"https://d1.cloudfront.net/a.png?Expires=1&Signature={KEY}&Key-Pair-Id={KEY}&Policy={KEY}",
    "CivitAI": f"https://civitai.com/api/download/models/1?type=Model&token={KEY}",
    "password": f"https://user:{KEY}@host.example/p/a.png",
    "fragment": f"https://host.example/cb#access_token={KEY}",
    "escaped JSON": json.dumps({"u": f"https://h.example/a?x=1&token={KEY}"}).replace("/", "\\/").replace("&", "\\u0026"),
    "HTML": f"https://h.example/a?x=1&amp;signature={KEY}",
    "percent": f"next=https%3A%2F%2Fh.example%2Fa%3Fsig%3D{KEY}%26x%3D1",
    "OpenAI": f"call with sk-proj-{KEY}",
    "Anthropic": f"sk-ant-api03-{KEY}-{KEY}",
    "AWS key": "id AKIA" + "Q1W2E3R4T5Y6U7I8" + " here",
    "Google": "AIza" + (KEY + KEY)[:35],
    "GitHub": f"ghp_{KEY}",
    "Hugging Face": "hf_" + KEY + KEY[:8],
    "JWT": f"eyJ{KEY}.eyJ{KEY}.{KEY}",
    "Comfy": json.dumps({"extra_data": {"api_key_comfy_org": "comfyui-" + "0a1b2c3d" * 8}}),
    "named": json.dumps({"auth_token": KEY}),
    "named in JSON in JSON": json.dumps(json.dumps({"api_key": KEY})),
    "header": f"Authorization: Bearer {KEY}",
}  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_replaced(kind):
    found = redact(SECRETS[kind])
    assert KEY not in found
    assert KEY[:12] not in found
    assert MARK in found


def test_what_names_the_source_stays():
    found = redact(SECRETS["AWS"])
    assert found.startswith(
        "https://b.s3.amazonaws.com/p/a.png?X-Amz-Algorithm=AWS4&X-Amz-Credential=REDACTED&X-Amz-Date=1"
    )
    assert redact(SECRETS["password"]) == "https://REDACTED@host.example/p/a.png"
    assert redact(SECRETS["CivitAI"]) == "https://civitai.com/api/download/models/1?type=Model&token=REDACTED"


@pytest.mark.parametrize(
    "text",
    [
        "a desk-lamp beside a task-light, disk-shaped 1234567890123456789012345",
        "cat\nSteps: 20, Token merging ratio: 0.5, Hypertile: True, Model hash: 0123456789abcdef0123456789abcdef",
        "masterpiece, key visual, secret: garden, token: of love, (password protected:1.2)",
        "https://example.org/gallery/a.png?width=512&height=768&seed=1234567890",
        "https://www.w3.org/1999/02/22-rdf-syntax-ns#about",
        "mail me @home // a comment @ night",
        "the keyframes are secretly tokenised",
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ and ana@example.org",
        "",
    ],
)
def test_what_is_no_secret_is_the_very_same_text(text):
    assert redact(text) == text


@pytest.mark.parametrize("kind", SECRETS)
def test_redacting_twice_is_redacting_once(kind):
    once = redact(SECRETS[kind])
    assert redact(once) == once


@given(
    st.lists(
        st.sampled_from([*SECRETS.values(), "?sig=", "&", "://", "@", "Bearer ", "eyJ", ".", "sk-", "\ud800", "\0", "%3F", "token: "])
        | st.text(max_size=8),
        max_size=8,
    ).map("".join)
)  # fmt: skip
def test_no_text_makes_it_raise(text):
    assert isinstance(redact(text), str)


@given(st.text(max_size=30), st.sampled_from(sorted(SECRETS)), st.text(max_size=30))
def test_words_around_a_secret_do_not_protect_it(before, kind, after):
    assert KEY[:12] not in redact(f"{before} {SECRETS[kind]} {after}")


@pytest.mark.parametrize(
    "unit", ["https://a:b", "?sig=", "token:", "eyJaaaaaaaaaa.", "sk-aaaaaaaaa", "password=", "://", "api_", "%3F"]
)
def test_a_hostile_text_costs_no_more_than_its_length(unit):
    """Four times the text must not cost sixteen times: counted in time of this process, with room for noise."""
    import time

    def seconds(count):
        text = unit * (count // len(unit))
        return min(_timed(text, time.process_time) for _ in range(3))

    assert seconds(200_000) < 8 * max(seconds(50_000), 0.002)


def _timed(text, clock):
    begun = clock()
    redact(text)
    return clock() - begun
