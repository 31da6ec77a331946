"""Prompts, LoRA names and paths with what they should be tagged with, judged by hand: {A}, {B} stand for names."""

from dam.tagging.vocabulary import Character

MARA = Character("mara", "Mara Voss", ("Mara", "マラ", "玛拉", "마라"), ("mrvs",), ("mara_v2", "MaraVoss-SDXL"))
ILSE = Character("ilse", "Ilse Brandt", ("Ilse", "イルゼ", "伊尔莎"), ("ilsbrt",), ("ilse_lora",))
ROSE = Character("rose", "Rose Tyne", ("=Rose",), (), ("rose-tyne",))
KENJI = Character("kenji", "Kenji", ("健二", "ケンジ"), (), ("kenji_sd15",))
ALL = (MARA, ILSE, ROSE, KENJI)

# One name in a prompt that asks for it.
ASKED = (
    "{A}", "{A} in the rain", "portrait of {A}, film still", "masterpiece, best quality, {A}, 1girl, coat",
    "a photo of {A}'s face", "({A}:1.2), warehouse", "(({A})), neon", "[{A}], night", "cinematic shot: {A} walks away",
    "{A}. She stands at the harbour.", "close-up -- {A} -- dusk", "not only {A}", "{A} without a hat", "{A}, no hat, no gloves",
    "no rain, {A} smiles", "without umbrellas; {A} under the roof", "nobody except {A}", "no one but {A}",
    "empty street, only {A}", "not smiling {A}", "{A} holding nothing", "the city that {A} never left, {A} in front",
    "{A} with her dog (no leash)", "ultra wide, {A}/harbour", '"{A}" on a poster', "{A} --ar 16:9 --no text, watermark",
    "{A} --no hands --style raw", "<lora:detail:0.8> {A}", "{A} <lora:style_x:1>", "{A} | harbour | 35mm",
    "scene 12\n{A} turns", "{A}:smiling", "young {A}, age 20", "{A}-style coat worn by {A}", "wo ist {A}?",
    "{A} im Regen", "ein Foto von {A}, ohne Hut", "{A} steht am Hafen, kein Licht", "nicht nur {A}",
    "{A} sous la pluie", "photo de {A}, sans chapeau", "{A} bajo la lluvia", "retrato de {A}, sin texto",
    "BREAK {A} BREAK warehouse", "{A}_in_warehouse", "8k, {A} , trending", "(masterpiece:1.4), ({A}:0.9)",
)  # fmt: skip
# One name in a prompt that does not ask for it.
REFUSED = (
    "not {A}", "no {A}", "without {A}", "a harbour without {A}", "empty street, no {A}", "everyone except {A}",
    "everybody but not {A}", "portrait, not {A}, somebody else", "never {A}", "instead of {A}, a stranger",
    "no sign of {A}", "without the {A}", "no {A} anywhere", "not showing {A}", "nothing like {A}",
    "excluding {A}", "a room minus {A}", "avoid {A}", "remove {A}", "rather than {A}, a dog", "harbour --no {a}",
    "harbour --no text, {A} --ar 3:2", "({A}:0)", "({A}:-1), harbour", "harbour, (no {A}:1.3)", "neither {A}",
    "ohne {A}", "ein Hafen ohne {A}", "nicht {A}", "keine {A}", "kein Bild von {A}", "statt {A} ein Hund", "alle außer {A}",
    "sans {A}", "pas {A}", "pas de {A}", "sin {A}", "todos excepto {A}", "senza {A}", "do not include {A}",
    "don't show {A}", "no picture of {A}",
)  # fmt: skip
# No name at all: pieces of other words, and what only looks like one.
OTHER = (
    "samara desert at noon", "tamara de lempicka style", "marathon runners", "marauder", "a maraschino cherry",
    "mara's", "milsey village", "ilsebill", "falsetto", "wilse photograph", "a red rose", "rosemary and thyme",
    "prose poem", "a rose garden, roses", "kenjiro", "akenji", "camara", "maramar", "gemara scroll", "smara tea",
    "<lora:mara_v3:1>", "<lora:samara_v2:0.8>", "embedding:maravilla", "vossberg", "voss mineral water", "brandt",
    "ilsa, she wolf", "the ilses", "caramara", "marabou feathers", "Kenjis brother is kenji1",
)  # fmt: skip
NAMES = {
    "mara": ("Mara", "mara voss", "MARA VOSS", "mara_voss", "mrvs"), "ilse": ("Ilse", "ilse brandt", "ilsbrt"),
    "kenji": ("Kenji", "KENJI"), "rose": ("Rose", "rose tyne"),
}  # fmt: skip
# Two names, scripts without blanks, and whole sentences.
MIXED = (
    ("Mara and Ilse on the bridge", {"mara", "ilse"}), ("no Mara or Ilse", set()), ("no Mara, no Ilse", set()),
    ("Mara without Ilse", {"mara"}), ("without Mara, Ilse smiles", {"ilse"}), ("Mara, not Ilse", {"mara"}),
    ("not Mara but Ilse", {"ilse"}), ("not only Mara but Ilse", {"mara", "ilse"}), ("neither Mara nor Ilse", set()),
    ("Mara instead of Ilse", {"mara"}), ("nobody except Mara and Ilse", {"mara", "ilse"}), ("Mara (no Ilse)", {"mara"}),
    ("Mara & Kenji, no Rose", {"mara", "kenji"}), ("Kenji --no mara, ilse", {"kenji"}), ("a rose for Mara", {"mara"}),
    ("Rose gives Kenji a rose", {"rose", "kenji"}), ("(Mara:1.1), (Ilse:0)", {"mara"}), ("mrvs and ilsbrt", {"mara", "ilse"}),
    ("ohne Mara und Ilse", set()), ("Mara und Ilse", {"mara", "ilse"}), ("kein Kenji, aber Mara", {"mara"}),
    ("Mara et Ilse, sans Kenji", {"mara", "ilse"}), ("Mara y Kenji", {"mara", "kenji"}), ("samara, Mara", {"mara"}),
    ("マラが雨の中に立つ", {"mara"}), ("マラとイルゼ", {"mara", "ilse"}), ("マラなしの倉庫", set()), ("マラのいない部屋", set()),
    ("マラ以外の人", set()), ("イルゼ、マラなし", {"ilse"}), ("ケンジの肖像、夜", {"kenji"}), ("健二が走る", {"kenji"}),
    ("マラではない女性", set()), ("マラさん抜きの写真", set()), ("倉庫のマラ、ネオン", {"mara"}), ("マラを除く全員", set()),
    ("玛拉在雨中", {"mara"}), ("没有玛拉的仓库", set()), ("不要玛拉", set()), ("玛拉和伊尔莎", {"mara", "ilse"}),
    ("除了玛拉", set()), ("一张玛拉的照片，没有文字", {"mara"}), ("伊尔莎，不要玛拉", {"ilse"}), ("仓库里的玛拉", {"mara"}),
    ("无玛拉", set()), ("不是玛拉，是伊尔莎", {"ilse"}), ("마라가 비를 맞는다", {"mara"}), ("마라 없이", set()),
    ("마라는 없는 방", set()), ("마라 초상화", {"mara"}), ("마라 제외", set()), ("ruhige Szene, Ilse liest, niemand sonst", {"ilse"}),
    ("crowd shot, Mara absent", set()), ("Mara is not in this picture", set()), ("Mara is not smiling", {"mara"}),
    ("Mara missing a tooth", {"mara"}), ("neither Ilse, Mara nor Kenji", set()), ("Rose-coloured glasses", set()),
    ("neither rain nor snow, Mara walks", {"mara"}), ("the samarian Ilsebeth", set()), ("never without Mara", {"mara"}),
    ("a woman (not Ilse) waits for Mara", {"mara"}), ("Bild ohne Ilse und ohne Kenji, aber mit Mara", {"mara"}), ("street market::2 mara::1.5", {"mara"}), ("il n'y a pas Mara", set()),
    ("everyone but Mara is laughing", set()), ("(((mara voss))), [blurry]", {"mara"}),
    ("画面中没有出现玛拉", set()), ("不要画伊尔莎，只要玛拉", {"mara"}), ("비 오는 날, 마라가 없는 거리", set()),
    ("", set()), (" ,,, ()()", set()), ("(((", set()), ("Mara " * 400, {"mara"}), ("no " * 400 + "cat, Mara", {"mara"}),
)  # fmt: skip
# What the rules get wrong, and what it would take another reading to get right.
HARD = (("replace Ilse with Mara", {"mara"}), ("Kenji's workshop, Kenji missing", set()))
LORAS = (
    ("mara_v2", 0.8, {"mara"}), ("mara_v2.safetensors", 1.0, {"mara"}), ("characters/Mara_V2.safetensors", None, {"mara"}),
    ("characters\\mara v2.pt", 0.5, {"mara"}), ("MaraVoss-SDXL", 1.0, {"mara"}), ("maravoss sdxl", 1.0, {"mara"}),
    ("mara_v2", 0.0, set()), ("mara_v2", -0.5, set()), ("mara_v21", 1.0, set()), ("samara_v2", 1.0, set()),
    ("mara", 1.0, set()), ("ilse_lora", 0.7, {"ilse"}), ("Ilse-LoRA.ckpt", 0.7, {"ilse"}), ("ilse", 0.7, set()),
    ("rose-tyne", 1.0, {"rose"}), ("rose", 1.0, set()), ("kenji_sd15", 0.9, {"kenji"}), ("kenji_sdxl", 0.9, set()),
    ("", 1.0, set()), ("detail_tweaker", 1.0, set()),
)  # fmt: skip
TEMPLATE = "{project}/{scene}/{shot}_{character}_v{version}.{ext}"
PATHS = (
    ("film/sc010/sh010_mara_v001.png", {"mara"}), ("film/sc010/sh010_Mara Voss_v2.exr", {"mara"}),
    ("film/sc010/sh010_mara-voss_v2.exr", {"mara"}), ("film/sc010/sh020_ilse_v12.jpg", {"ilse"}),
    ("film/sc010/sh010_samara_v001.png", set()), ("film/sc010/sh010_mara.png", set()), ("sc010/sh010_mara_v001.png", set()),
    ("film/sc010/extra/sh010_mara_v001.png", set()), ("film/sc010/sh010_mara_vx.png", set()),
    ("film/sc010/sh_010_kenji_v001.png", {"kenji"}), ("film/sc010/sh010_健二_v001.png", {"kenji"}),
    ("film/sc010/sh010_nobody_v001.png", set()), ("film/sc010/sh010_Rose_v001.png", {"rose"}),
    ("film/sc010/sh010_rose tyne_v001.png", {"rose"}), ("a/b/c_mara_v1.p", {"mara"}), ("mara", set()),
)  # fmt: skip


def prompts():
    """(prompt, the ids of the characters that it asks for)."""
    found = []
    for owner, names in NAMES.items():
        for at, name in enumerate(names):
            found += [(one.format(A=name), {owner}) for one in ASKED[at :: len(names)]]
            found += [(one.format(A=name, a=name.lower()), set()) for one in REFUSED[at :: len(names)]]
    found += [(text, {"mara"} if text == "mara's" else set()) for text in OTHER]
    return found + list(MIXED) + list(HARD)
