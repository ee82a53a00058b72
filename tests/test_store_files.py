"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxysim.runs.files import replacing, write_whole


def test_replacing__leaves_the_old_file_when_anything_goes_wrong(tmp_path: Path) -> None:
    """And nothing else."""
    path = tmp_path / "a.txt"
    write_whole(path, "old\n")
    with pytest.raises(ValueError, match="midway"), replacing(path) as part:
        part.write_text("half")
        raise ValueError("midway")
    assert ("old\n", [path]) == (path.read_text(), [*tmp_path.iterdir()])


def test_write_whole__takes_text_and_bytes_by_way_of_another_folder(tmp_path: Path) -> None:
    """The unfinished file is never next to the finished one."""
    (tmp_path / "parts").mkdir()
    for data in ("é\n", "é\n".encode()):
        write_whole(tmp_path / "a", data, tmp_path / "parts")
        assert "é\n".encode() == (tmp_path / "a").read_bytes()
    assert [] == [*(tmp_path / "parts").iterdir()]
