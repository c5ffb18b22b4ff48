"""Every reader of a file that people bring: a valid file of its kind, and what reads it.

    reader = READERS["checkpoint.json"]
    target = reader.make(folder)            # writes what belongs together, returns what is damaged
    reader.read(target)                     # as the product reads it, to the last value

Imports stand in the functions of `files/`: a run of one reader loads only what that one needs.
"""

from benchmarks.fuzz.files import concepts, images, networks, tables, workspaces
from benchmarks.fuzz.kind import Reader

READERS: dict[str, Reader] = {
    **networks.READERS,
    **tables.READERS,
    **images.READERS,
    **workspaces.READERS,
    **concepts.READERS,
}
