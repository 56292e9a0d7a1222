"""What is written is whole, on the disk with its name, and readable by nobody else."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from api.settings import Settings
from review.storage import migration
from review.storage.files import FileStore, write_whole, written_whole
from review.storage.private_folder import Exposed, make_private
from screening.ranking.features import extract


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return a list that gets the names in each folder that is synced, and () for each file."""
    seen: list[tuple[str, ...]] = []
    fsync = os.fsync

    def recording(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        seen.append(tuple(os.listdir(handle)) if is_folder else ())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recording)
    return seen


def keep(folder: Path) -> str:
    (folder / "source").write_bytes(b"%PDF")
    return FileStore(folder / "files").keep(folder / "source")


def write(folder: Path) -> str:
    write_whole(folder / "made" / "map.svg", b"<svg>")
    return "map.svg"


def make_key(folder: Path) -> str:
    Settings(data_dir=folder / "data").key()
    return "secret-key"


def save_features(folder: Path) -> str:
    extract(["one text", "another"]).save(folder / "features" / "of-a-review")
    return "features.json"


def back_up(folder: Path) -> str:
    url = f"sqlite:///{folder}/siftmap.sqlite"
    migration.upgrade(url, revision="baseline")
    migration.upgrade(url)
    [made] = folder.glob("siftmap.before-migration-*")
    return made.name


@pytest.mark.parametrize("act", [keep, write, make_key, save_features, back_up])
def test_after_a_file_has_its_name_its_folder_is_synced(
    tmp_path: Path, synced: list[tuple[str, ...]], act: Callable[[Path], str]
) -> None:
    name = act(tmp_path)

    assert any(name in names for names in synced)


@pytest.mark.parametrize("act", [keep, write, make_key, save_features])
def test_a_new_folder_is_synced_into_the_folder_above(
    tmp_path: Path, synced: list[tuple[str, ...]], act: Callable[[Path], str]
) -> None:
    before = {path.name for path in tmp_path.iterdir()}

    act(tmp_path)

    made = {path.name for path in tmp_path.iterdir() if path.is_dir()} - before
    assert made
    assert all(any(name in names for names in synced) for name in made)


@pytest.mark.parametrize("act", [keep, write, make_key, save_features])
def test_what_is_written_is_for_its_owner_alone_whatever_the_umask(
    tmp_path: Path, act: Callable[[Path], str]
) -> None:
    umask = os.umask(0)
    try:
        act(tmp_path)
    finally:
        os.umask(umask)

    paths = [path for path in tmp_path.rglob("*") if path.name != "source"]
    assert {mode_of(path) for path in paths if path.is_dir()} == {0o700}
    assert {mode_of(path) for path in paths if path.is_file()} == {0o600}


def test_a_file_that_cannot_be_written_leaves_the_one_before_and_no_remains(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"before")

    def fail() -> None:
        with written_whole(tmp_path / "file") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"before")]


def test_features_that_were_saved_are_read_again(tmp_path: Path) -> None:
    save_features(tmp_path)

    with np.load(tmp_path / "features" / "of-a-review" / "features.npz") as arrays:
        assert len(arrays["tokens"]) > 0


# -------------------------------------------------------------------------------- the data folder


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """Return a data folder that everyone can read, with something of ours and something else."""
    folder = tmp_path / "data"
    for name in ("files/ab/abc", "made/a.csv", "siftmap.sqlite", "siftmap.sqlite-wal",
                 "siftmap.before-migration-1.sqlite", "secret-key", "notes/mine"):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "files" / "link").symlink_to(tmp_path)
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def test_a_folder_that_others_can_read_is_closed_and_only_what_is_ours(open_folder: Path) -> None:
    above, others = mode_of(open_folder.parent), open_folder / "notes"

    n = make_private(open_folder)

    ours = [path for path in open_folder.rglob("*") if not path.is_relative_to(others)]
    wide = [path for path in ours if not path.is_symlink() and mode_of(path) & 0o077]
    assert (n, wide, mode_of(open_folder)) == (10, [], 0o700)
    assert (mode_of(others), mode_of(others / "mine")) == (0o755, 0o644)
    assert mode_of(open_folder.parent) == above
    assert make_private(open_folder) == 0
    assert make_private(open_folder / "missing") == 0


@pytest.mark.parametrize("name", ["", "siftmap.sqlite", "files/ab/abc"])
def test_what_belongs_to_another_user_is_refused(open_folder: Path, name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file to another user needs root")
    os.chown(open_folder / name, 12345, -1)

    with pytest.raises(Exposed, match="belongs to another user"):
        make_private(open_folder)


def test_what_cannot_be_closed_is_refused(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "chmod", lambda _path, _mode: None)  # as on a disk without them

    with pytest.raises(Exposed, match="permissions cannot be changed"):
        make_private(open_folder)
