"""Names that signers write into manifests, and the tools that they stand for."""

import re
from collections.abc import Iterable

# (words in a software agent, generator, description or issuer; tool). First match wins: products before their makers.
_TOOLS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("dall-e", "dall·e", "dalle"), "DALL-E"),
    (("sora",), "OpenAI Sora"),
    (("chatgpt",), "ChatGPT"),
    (("gpt-image", "gpt-4o", "gpt 4o", "gpt image", "openai"), "OpenAI"),
    (("image creator from designer", "microsoft designer", "designer"), "Microsoft Designer"),
    (("bing image creator", "image creator", "bing"), "Bing Image Creator"),
    (("firefly",), "Adobe Firefly"),
    (("google photos",), "Google Photos"),
    (("imagen", "gemini", "veo", "nano banana", "google"), "Google Generative AI"),
    (("black forest labs", "flux"), "Black Forest Labs API"),
    (("photo assist", "galaxy", "samsung"), "Samsung Galaxy AI"),
    (("bedrock", "titan image", "nova canvas", "nova reel"), "Amazon Bedrock"),
    (("amazon", "aws"), "Amazon"),
    (("stability", "stable image"), "Stability AI"),
    (("midjourney",), "Midjourney"),
    (("runway",), "Runway"),
    (("elevenlabs", "eleven labs"), "ElevenLabs"),
    (("suno",), "Suno"),
    (("udio",), "Udio"),
    (("kling", "kuaishou"), "Kling"),
    (("luma",), "Luma"),
    (("pika",), "Pika"),
    (("hailuo", "minimax"), "MiniMax"),
    (("canva", "magic media"), "Canva"),
    (("jimeng", "dreamina"), "Jimeng"),
    (("doubao",), "Doubao"),
    (("capcut",), "CapCut"),
    (("tiktok",), "TikTok"),
    (("seedream", "seedance", "bytedance", "byteplus", "volcengine"), "ByteDance"),
    (("ideogram",), "Ideogram"),
    (("leonardo",), "Leonardo.Ai"),
    (("recraft",), "Recraft"),
    (("krea",), "Krea"),
    (("grok", "xai"), "Grok"),
    (("image playground",), "Apple Image Playground"),
    (("shutterstock ai",), "Shutterstock AI"),
    (("meta ai", "imagine with meta"), "Meta AI"),
    (("copilot", "microsoft"), "Microsoft"),
    (("photoshop",), "Adobe Photoshop"),
    (("lightroom",), "Adobe Lightroom"),
)
_MODEL_NAME = re.compile(
    r"(?<![a-z])(gpt-image|gpt-4o|dall.?e|flux|imagen|gemini|veo|sora|titan|nova|nano banana|seedream|seedance|stable diffusion"
    r"|sdxl|sd3|wan ?\d|qwen-image|ray ?\d|gen-?[345])",
    re.IGNORECASE,
)
# Agents that do nothing but generate. An editor that can also generate says so by the action's source type.
_ONLY_GENERATE = re.compile(
    r"(?<![a-z])(dall.?e|gpt-image|image creator|midjourney|stable (?:diffusion|image)|imagen|photo assist|titan image"
    r"|nova canvas|nova reel|magic media|image playground)(?![a-z])",
    re.IGNORECASE,
)
_GLUED = ("samsung", "openai", "google", "microsoft", "amazon", "bytedance", "runway")  # "samsungelectronics"


def tool_of(texts: Iterable[str | None]) -> tuple[str | None, str | None]:
    """The first text that names a known tool: (tool, that text)."""
    for text in texts:
        low = (text or "").lower().replace("_", " ")
        for words, tool in _TOOLS:
            if any(_stands_in(word, low) for word in words):
                return tool, text
    return None, None


def _stands_in(word: str, low: str) -> bool:
    after = "" if word in _GLUED else "(?![a-z])"
    return re.search(rf"(?<![a-z]){re.escape(word)}{after}", low) is not None


def names_model(agent: str) -> bool:
    return _MODEL_NAME.search(agent) is not None


def only_generates(agent: str | None) -> bool:
    return _ONLY_GENERATE.search(agent or "") is not None
