"""Storage that remembers what was written to it.

Belongs here: deleting what an append began and did not commit. Does not: committing (`changelog.py`).
"""

from pyiceberg.io import FileIO, InputFile, OutputFile


class RecordingIO(FileIO):
    """Remembers what was begun to be written, so that half a file, left by a full disk, can be deleted too.

    Args:
        io: What reads, writes and deletes.
    """

    def __init__(self, io: FileIO) -> None:
        super().__init__(io.properties)
        self._io = io
        self.begun: list[str] = []

    def new_input(self, location: str) -> InputFile:
        """A file to read."""
        return self._io.new_input(location)

    def new_output(self, location: str) -> OutputFile:
        """A file to write."""
        self.begun.append(location)
        return self._io.new_output(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Delete a file."""
        self._io.delete(location)

    def delete_begun(self) -> None:
        """Delete everything that was begun; what we may not delete is left to the upkeep of the table."""
        for location in self.begun:
            try:
                self.delete(location)
            except (FileNotFoundError, PermissionError):
                continue
            except OSError as error:
                if "ACCESS_DENIED" not in str(error):  # what PyArrow says of S3
                    raise
