"""Settings, read once at the door and handed down: flags > DAM_* environment > dam.toml > defaults."""

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from dam.errors import UsageError


class Settings(BaseSettings):
    """One library's settings. Every field has an environment name: `settle_s` is `DAM_SETTLE_S`."""

    model_config = SettingsConfigDict(env_prefix="DAM_", extra="ignore", frozen=True)

    library: Path = Field(description="the library's folder: catalogue, vault, keys, index, dam.toml")
    workers: int = Field(default=0, ge=0, le=64, description="ingest threads; 0 = one per core")
    worker_process: bool = Field(default=True, description="dam up and dam watch ingest in a child process")
    memory_mib: int = Field(
        default=0, ge=0, description="for pictures being decoded at once; 0 = a quarter of the machine"
    )
    settle_s: float = Field(default=2.0, ge=0, le=3600, description="how long size and mtime must stay quiet")
    share_settle_s: float = Field(default=10.0, ge=0, le=3600, description="settle_s of network shares, if larger")
    reconcile_s: float = Field(
        default=300.0, ge=1, description="seconds between full passes over roots that are watched by events"
    )
    poll_s: float = Field(
        default=30.0,
        ge=1,
        description="seconds between quick passes over shares: folders' times, and what changed lately",
    )
    poll_budget_s: float = Field(
        default=20.0, ge=0.1, description="how long a quick pass may take; the next one goes on"
    )
    full_pass_s: float = Field(default=3600.0, ge=1, description="seconds between full passes over shares")
    missing_guard: float = Field(
        default=0.5, ge=0, le=1, description="a scan that would mark more than this share of a root missing stops"
    )
    max_tries: int = Field(default=3, ge=1, le=100, description="tries of one stage before the file is quarantined")
    max_file_gib: float = Field(default=64.0, gt=0, description="larger files are quarantined with a reason")
    max_pixels_mp: float = Field(default=268.0, gt=0, le=4000, description="larger pictures are not decoded")
    protect: str = Field(default="ai", pattern="^(none|ai|all)$", description="which assets get a protected copy")
    mark_video: bool = Field(default=False, description="encode protected copies of MP4 and MOV anew to carry the mark")
    mark_sound: bool = Field(
        default=False, description="protected copies of WAV files carry a faint mark in their samples"
    )
    mark_engine: str = Field(
        default="tilemark", pattern="^(tilemark|trustmark)$", description="the mark of still pictures"
    )
    trustmark_weights: Path | None = Field(default=None, description="folder of encoder_Q.onnx and decoder_Q.onnx")
    trustmark_model: str = Field(default="Q", pattern="^[A-Z]$", description="which TrustMark: Q, P, ...")
    trustmark_sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-fA-F]{64},[0-9a-fA-F]{64}$",
        description="digests of encoder and decoder, if not Adobe's Q",
    )
    credential_thumbnail: bool = Field(default=True, description="a small picture (5 to 20 kB) goes with a credential")
    sign_prompts: str = Field(
        default="never",
        pattern="^(never|hash|full)$",
        description="prompts in manifests and labels: never, hash, full",
    )
    training_mining: str = Field(
        default="unsaid",
        pattern="^(notAllowed|constrained|allowed|unsaid)$",
        description="what manifests say about AI training and mining",
    )
    training_terms: str | None = Field(
        default=None, max_length=200, description="where the terms are, if training_mining is constrained"
    )
    ai_provider: str | None = Field(
        default=None, max_length=200, description="who provides the AI systems that run in-house, for disclosures"
    )
    write_labels: bool = Field(default=True, description="write XMP/IPTC labels into protected copies of AI files")
    aigc_producer: str | None = Field(
        default=None, max_length=200, description="our code in China's AIGC label (GB 45438); none = no such label"
    )
    label_font: Path | None = Field(default=None, description="font file of visible labels; default: one of the system")
    host: str = Field(default="127.0.0.1", description="where API and UI listen; anything else demands a token")
    port: int = Field(default=8340, ge=0, le=65535, description="where API and UI listen; 0 = any free port")
    token: str | None = Field(default=None, repr=False, description="bearer token of the API; needed off 127.0.0.1")
    resolution_per_minute: int = Field(
        default=120, ge=0, description="soft binding queries from one address; 0 = no limit"
    )
    person: str | None = Field(default=None, description="who decides; default: the login name")
    organisation: str = Field(default="Local Studio", min_length=1, max_length=64, description="named in certificates")
    signing_chain: Path | None = Field(
        default=None, description="your own certificate as PEM, leaf first; not set = the library's"
    )
    signing_key: str | None = Field(
        default=None, repr=False, description="its key: a PEM file, or a PKCS#11 URI (docs/keys.md)"
    )
    pkcs11_pin: SecretStr | None = Field(default=None, description="PIN of the token; only from the environment")
    timestamps: Literal["required", "preferred", "off"] = Field(
        default="required",
        description="whether signatures need a time stamp",
    )
    tsa_url: str | None = Field(
        default=None,
        repr=False,
        description="RFC 3161 authority; not set = this library's own, not independent",
    )
    rotate_days: int = Field(
        default=30, ge=0, le=180, description="dam up makes a new signing key so many days before its end"
    )

    @classmethod
    def settings_customise_sources(  # pydantic-settings' signature
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        library = init_settings().get("library") or os.environ.get("DAM_LIBRARY")
        toml = [TomlConfigSettingsSource(settings_cls, Path(library) / "dam.toml")] if library else []
        return init_settings, env_settings, *toml

    @field_validator("tsa_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("an http:// or https:// address is wanted")  # the value may hold a password
        return value

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1

    @property
    def catalogue_path(self) -> Path:
        return self.library / "catalogue.db"


def library_folder(flag: Path | None) -> Path:
    """Where the library is: the flag, else DAM_LIBRARY, else ./.dam if present, else the user's data folder."""
    if flag is not None:
        return flag.absolute()
    if named := os.environ.get("DAM_LIBRARY"):
        return Path(named).absolute()
    here = Path.cwd() / ".dam"
    if here.is_dir():
        return here
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "headwater"


def load(library: Path | None = None, **flags: Any) -> Settings:
    """Settings of the library at `library` (see library_folder); `flags` that are None do not count.

    Raises:
        UsageError: dam.toml holds a name that is none, or a secret that must not stand there.
        ValidationError: a value is wrong.
    """
    folder = library_folder(library)
    _check_names(folder / "dam.toml")
    return Settings(library=folder, **{k: v for k, v in flags.items() if v is not None})


def _check_names(path: Path) -> None:
    """A misspelt name would leave its setting at the default, and nobody would notice."""
    try:
        found = tomllib.loads(path.read_text())
    except (OSError, ValueError):  # not there, or broken: that is said when it is read
        return
    for name in found:
        if name == "pkcs11_pin":
            raise UsageError(
                f"pkcs11_pin must not stand in {path}.", next_step="Use DAM_PKCS11_PIN or a pin-source file (docs/keys.md).",
                code="settings.secret",
            )  # fmt: skip
        if name not in Settings.model_fields:
            near = get_close_matches(name, Settings.model_fields, 1)
            raise UsageError(
                f"{path} has an unknown setting: {name!a}.",
                next_step=f"Did you mean {near[0]}?" if near else "docs/settings.md lists them all.", code="settings.unknown",
            )  # fmt: skip
