"""What was begun is deleted where we may, and left where we may not: giving up a write never hides why."""

from pathlib import Path

import pytest
from pyiceberg.io import InputFile, OutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO

from fq_platform.lakehouse.recording_io import RecordingIO


class Refusing(PyArrowFileIO):
    """Storage that answers every deletion with an error."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def delete(self, location: str | InputFile | OutputFile) -> None:
        raise self.error


def begun(io: PyArrowFileIO, folder: Path) -> tuple[RecordingIO, Path]:
    """Something that was written, and its file."""
    recording, file = RecordingIO(io), folder / "x.parquet"
    with recording.new_output(str(file)).create() as stream:
        stream.write(b"x")
    return recording, file


def test_everything_that_was_begun_is_deleted_once(tmp_path: Path) -> None:
    recording, file = begun(PyArrowFileIO(), tmp_path)

    recording.delete_begun()
    recording.delete_begun()

    assert not file.exists()


@pytest.mark.parametrize(
    "error",
    [
        PermissionError("Cannot delete file, access denied"),
        OSError("When deleting key 'x' in bucket 'lake': AWS Error ACCESS_DENIED during DeleteObject operation"),
    ],
)
def test_writer_who_may_not_delete_leaves_it_to_upkeep(tmp_path: Path, error: OSError) -> None:
    recording, file = begun(Refusing(error), tmp_path)

    recording.delete_begun()

    assert file.exists()


def test_any_other_refusal_is_told(tmp_path: Path) -> None:
    recording, _ = begun(Refusing(OSError("connection reset")), tmp_path)

    with pytest.raises(OSError, match="connection reset"):
        recording.delete_begun()
