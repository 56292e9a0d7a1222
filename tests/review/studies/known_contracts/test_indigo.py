"""INDIGO's files are read as they are published, and nothing that is not public."""

import json
import zipfile
from dataclasses import replace
from random import Random

import pytest

from review.errors import Unreadable
from review.studies.known_contracts.indigo import KnownProject, read_indigo
from tests.review.studies.known_contracts.invented import (
    as_json,
    invented_projects,
    write_json,
    write_zip,
)

PROJECT = KnownProject(
    key="INDIGO-POJ-0007", name="Bridford Rough Sleepers SIB", other_names=("Home Again", "Foyer"),
    countries=("GB",), places=("Bridford",), sectors=("Homelessness",), goals=("3",),
    instrument="Social impact bond", stage="Complete", start="2013-07-01",
    payers=("Ministry of Housing",), payer_roles=("Government/Public Sector/Public Bank",),
)  # fmt: skip


def test_the_zip_of_csv_files_is_read_with_its_lists_and_organisations(tmp_path):
    found = read_indigo(write_zip(tmp_path / "all.zip", [PROJECT]))

    [project] = found.projects
    assert replace(project, evaluations=()) == PROJECT
    assert [report.url for report in project.evaluations] == ["https://example.org/INDIGO-POJ-0007"]
    assert project.year == 2013
    assert found.is_whole
    assert len(found.sha256) == 64


def test_three_hundred_projects_come_in_whole(tmp_path):
    projects = invented_projects(Random(1), 300, "places")  # noqa: S311

    found = read_indigo(write_zip(tmp_path / "all.zip", projects))

    assert [one.name for one in found.projects] == [one.name for one in projects]
    assert [one.countries for one in found.projects] == [one.countries for one in projects]


@pytest.mark.parametrize("shape", ["one", "list", "zip"])
def test_json_is_read_by_itself_in_a_list_and_in_a_zip_without_what_is_private(tmp_path, shape):
    document = as_json(PROJECT)
    if shape == "zip":
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("records/INDIGO-POJ-0007.json", json.dumps(document))
    else:
        path = write_json(tmp_path / "a.json", [document] if shape == "list" else document)

    [project] = read_indigo(path).projects

    assert (project.name, project.other_names) == (PROJECT.name, PROJECT.other_names)
    assert (project.countries, project.places) == (("GB",), ("Bridford",))  # not the private place
    assert (project.start, project.goals) == ("2013-07-01", ())  # not the private date and goal


def test_a_list_of_what_is_public_says_what_is_gone(tmp_path):
    listing = {"projects": [{"id": "A", "public": True}, {"id": "B", "public": False}]}

    found = read_indigo(write_json(tmp_path / "list.json", listing))

    assert found.projects == []
    assert found.gone(["A", "B", "C"]) == {"B", "C"}


def test_one_project_says_nothing_about_the_others(tmp_path):
    private = as_json(PROJECT)
    private["project"]["data"]["status"] = "PRIVATE"

    assert read_indigo(write_json(tmp_path / "a.json", as_json(PROJECT))).gone(["X"]) == set()
    found = read_indigo(write_json(tmp_path / "b.json", private))
    assert found.gone(["X", PROJECT.key]) == {PROJECT.key}
    assert found.projects == []


def test_what_any_document_calls_private_is_private_whatever_the_order(tmp_path):
    listing = {"projects": [{"id": PROJECT.key, "public": False}]}
    secret = {"organisations": [{"id": "O", "public": False, "data": {"name": {"value": "X"}}}]}
    payer = as_json(PROJECT)
    payer["project"]["data"]["outcome_payment_commitments"] = [{"organisation_id": {"value": "O"}}]

    for documents in ([listing, as_json(PROJECT)], [as_json(PROJECT), listing]):
        found = read_indigo(write_json(tmp_path / "a.json", documents))
        assert (found.projects, found.private) == ([], {PROJECT.key})
    [project] = read_indigo(write_json(tmp_path / "b.json", [secret, payer])).projects
    assert project.payers == ()
    odd = {"projects": [{"id": "A", "public": "false"}, {"id": "B", "public": 0}]}
    assert read_indigo(write_json(tmp_path / "c.json", odd)).private == {"A", "B"}


def test_a_listing_beside_the_records_does_not_hide_their_data(tmp_path):
    listing = {"projects": [{"id": PROJECT.key, "public": True}]}

    found = read_indigo(write_json(tmp_path / "a.json", [as_json(PROJECT), listing]))

    assert [project.name for project in found.projects] == [PROJECT.name]


def test_alternative_names_are_parted_at_commas_and_kept_whole(tmp_path):
    one = replace(PROJECT, other_names=("Kirk Better Outcomes, KBO, Blue Lantern",))

    [project] = read_indigo(write_zip(tmp_path / "all.zip", [one])).projects

    assert project.other_names[:3] == ("Kirk Better Outcomes", "KBO", "Blue Lantern")
    assert one.other_names[0] in project.other_names


def test_what_databases_and_files_refuse_is_not_kept(tmp_path):
    odd = replace(PROJECT, key="A\0B" + "x" * 300, name="A \ud800 bond\0")
    other = replace(PROJECT, key="A\0B" + "x" * 300 + "y")

    found = read_indigo(write_json(tmp_path / "a.json", [as_json(odd), as_json(other)]))

    assert [len(project.key) for project in found.projects] == [255]
    assert found.projects[0].name.encode()
    assert "\0" not in str(found.projects)


def test_a_zip_from_a_mac_and_a_damaged_one(tmp_path):
    mac, damaged = tmp_path / "mac.zip", tmp_path / "damaged.zip"
    with zipfile.ZipFile(mac, "w") as archive:
        archive.writestr("a.json", json.dumps(as_json(PROJECT)))
        archive.writestr("__MACOSX/._a.json", b"\0\5\x16\7")
    assert len(read_indigo(mac).projects) == 1

    whole = write_zip(damaged, [PROJECT] * 20).read_bytes()
    at = whole.index(b"projects.csv") + 200
    damaged.write_bytes(whole[:at] + bytes(40) + whole[at + 40 :])
    with pytest.raises(Unreadable, match="damaged"):
        read_indigo(damaged)


@pytest.mark.parametrize(
    ("name", "roles", "country", "expected"),
    [
        ("Kirin DIB", (), "KE", "Development impact bond"),
        ("Bono de desarrollo", ("Multilateral/Bilateral/Intergovernmental Bank",), "CO",
         "Development impact bond"),
        ("A project", ("Government/Public Sector/Public Bank",), "CO", "Social impact bond"),
        ("A project", ("Foundation/Philanthropist",), "GB", ""),
        ("Utah Pay for Success", (), "US", "Pay for success"),
        ("A project", (), "KE", ""),
    ],
)  # fmt: skip
def test_the_type_follows_from_the_name_or_from_who_pays_where(
    tmp_path, name, roles, country, expected
):
    one = replace(PROJECT, name=name, other_names=(), countries=(country,),
                  payers=("Somebody",) if roles else (), payer_roles=roles)  # fmt: skip

    [project] = read_indigo(write_zip(tmp_path / "all.zip", [one])).projects

    assert project.instrument == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.4", "neither a zip nor JSON"),
        (b"{}", "No project of INDIGO"),
        (b'{"projects": "none"}', "No project of INDIGO"),
        (b"[" * 100_000, "neither a zip nor JSON"),
    ],
)
def test_another_file_is_refused_with_what_to_do(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(Unreadable, match=message):
        read_indigo(path)


def test_another_zip_and_a_bomb_are_refused(tmp_path):
    other, bomb, wrong = tmp_path / "other.zip", tmp_path / "bomb.zip", tmp_path / "wrong.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("projects.csv", b"0" * 50_000_000)
    with zipfile.ZipFile(wrong, "w") as archive:
        archive.writestr("projects.csv", "a,b\n1,2\n")

    for path, message in ((other, "no projects.csv"), (bomb, "far larger"), (wrong, "no columns")):
        with pytest.raises(Unreadable, match=message):
            read_indigo(path)
