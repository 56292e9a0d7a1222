"""What the operator can set, from the environment."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, IPvAnyNetwork, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from review.searches.limits import FILE_LIMIT, RECORDS_LIMIT, FileLimits
from review.storage.files import make_folder, sync_folder

TEXT_VERSION = 3  # of how full texts are read; other versions are read again


class Settings(BaseSettings):
    """Settings, each read from SIFTMAP_… in the environment; docs/operating.md says what for."""

    model_config = SettingsConfigDict(env_prefix="SIFTMAP_")

    data_dir: Path = Path("data")
    """The folder for the database, original files, caches and the secret key."""
    database_url: str = ""
    """SQLAlchemy URL; by default SQLite in the data folder."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    secret_key: str = ""
    """Signs form tokens; made and kept in the data folder where it is not given."""
    public_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, such as https://review.example.org, with commas between them, under which browsers
    reach the server."""
    allow_unsafe_database: bool = False
    """Whether a PostgreSQL that can lose confirmed decisions may be used all the same."""
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    """Addresses or networks of reverse proxies, with commas between them, whose X-Forwarded-For and
    X-Forwarded-Proto are believed.  Nobody else's are."""
    font_dir: Path | None = None
    """A folder of fonts for drawn PNG and PDF files."""
    worker: Literal["embedded", "separate"] = "embedded"
    """Who does slow work: a process that `siftmap serve` keeps, or `siftmap worker` elsewhere."""

    reviews_started_by: Literal["admins", "everybody"] = "admins"
    """Who may start reviews: the administrators of the server, or everybody with an
    account."""

    link_resolver: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """The address of the library's link resolver (OpenURL); records then link to it."""
    look_up_dois: bool = False
    """Whether leads may ask Crossref and OpenAlex what they know about a DOI; nothing else is ever
    asked of the outside."""
    contact_email: str = ""
    """An address that both are told, as they ask their users to."""
    crossref_url: str = "https://api.crossref.org"
    openalex_url: str = "https://api.openalex.org"

    import_records: Annotated[int, Field(ge=1)] = RECORDS_LIMIT
    """Records that a search file may have."""
    import_mb: Annotated[int, Field(ge=1)] = FILE_LIMIT // 2**20
    """The size of a search file, in MB."""

    rank_after: Annotated[int, Field(ge=1)] = 50
    """Acts, mostly decisions, after which the ranking in use is refreshed."""
    rank_seconds: Annotated[int, Field(ge=10)] = 900
    """Seconds after which the ranking in use is refreshed, if there was any such act."""

    @field_validator("public_origins", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        return tuple(origin.strip().rstrip("/") for origin in given.split(",") if origin.strip())

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        return tuple(network.strip() for network in given.split(",") if network.strip())

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody(cls, given: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        if any(network.prefixlen == 0 for network in given):
            raise ValueError("Name the proxies; not everybody is one.")
        return given

    @property
    def url(self) -> str:
        """Return the database's URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'siftmap.sqlite').resolve()}"

    @property
    def own_address(self) -> str:
        """Return the address that the server listens on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def folders(self) -> list[Path]:
        """Return the folders that siftmap writes to: its own, and that of an SQLite database."""
        path = self.url.removeprefix("sqlite:///").partition("?")[0]
        return [self.data_dir, *([Path(path).parent] if self.url.startswith("sqlite:///") else [])]

    @property
    def import_bytes(self) -> int:
        """Return the bytes that a search file may have."""
        return self.import_mb * 2**20

    @property
    def limits(self) -> FileLimits:
        """Return the limits of a search file."""
        return FileLimits(self.import_bytes, self.import_records)

    @property
    def files_dir(self) -> Path:
        """Return the folder of original files."""
        return self.data_dir / "files"

    @property
    def made_dir(self) -> Path:
        """Return the folder of drawn maps and written exports, all of which can be made again."""
        return self.data_dir / "made"

    def text_path(self, sha256: str) -> Path:
        """Return where the text read out of a full text is kept; it can be read again."""
        return self.data_dir / "texts" / f"{sha256}-{TEXT_VERSION}.json"

    def feature_cache(self, review_id: object) -> Path:
        """Return the folder where a review's text features are kept."""
        return self.data_dir / "features" / str(review_id)

    def environment(self) -> dict[str, str]:
        """Return the variables that give another process the same settings."""
        given = {
            "data_dir": str(self.data_dir.resolve()),
            "database_url": self.url,
            "font_dir": str(self.font_dir.resolve()) if self.font_dir else "",
            "import_records": str(self.import_records),
            "import_mb": str(self.import_mb),
            "rank_after": str(self.rank_after),
            "rank_seconds": str(self.rank_seconds),
        }
        return {f"SIFTMAP_{name.upper()}": value for name, value in given.items() if value}

    def key(self) -> bytes:
        """Return the secret key, making it on first use, readable by its owner alone.

        Raises RuntimeError where the file of the key is empty, which would sign with nothing.
        """
        if self.secret_key:
            return self.secret_key.encode()
        path = self.data_dir / "secret-key"
        if not path.exists():
            _make_key(path)
        if not (kept := path.read_text().strip()):
            raise RuntimeError(f"{path} is empty. Delete it; a new key is made at the next start.")
        return kept.encode()


def _make_key(path: Path) -> None:
    """Put a new key in its place whole, unless somebody else was quicker."""
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="secret-key-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)  # fails where the name is taken; a rename would replace it
        sync_folder(path.parent)
    finally:
        Path(name).unlink()
