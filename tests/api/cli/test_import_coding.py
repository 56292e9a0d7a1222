"""`siftmap import-coding`."""

from tests.api.cli.shell import Shell

LEAD = "ana@example.org"


def test_a_sheet_comes_in_and_again_adds_nothing(shell: Shell) -> None:
    shell.run("review", "create", "sheets", "--protocol", "social-outcomes-contracting")
    shell.run("review", "member", "sheets", LEAD, "--role", "lead")
    path, left = shell.folder / "coding.csv", shell.folder / "left.csv"
    path.write_text(
        "Title,Coder,Project name,Land\nPaying for results in Tarn Valley,Ana,Tarn bond,Kenya\n"
        ",,Vellaby bond,Ruritania\n"
    )
    options = ("--include", "--column", "Land=country", "--out", str(left), "--as", LEAD)

    first = shell.run("import-coding", "sheets", str(path), *options, "--json")
    again = shell.run("import-coding", "sheets", str(path), *options)

    assert first.status == 0, first.err
    counts = first.json["counts"]
    assert counts["studies are new"] == 1
    assert counts["contracts are new"] == 2
    assert counts["codes were added"] == 2
    assert "Ruritania" in left.read_text(encoding="utf-8-sig")
    assert "0 codes were added" in again.out.decode()
    nobody = shell.run("import-coding", "sheets", str(path))
    assert "Say whose with --as EMAIL" in nobody.err
    wrong = shell.run("import-coding", "sheets", str(path), "--person", "Ana")
    assert wrong.status == 2
