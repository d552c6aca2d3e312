"""The tables that kernels and the decoder share: a row for each place in the documents, and what its cells mean.

Belongs here: names of cells, states and results. Does not: code.
"""

# A node is a place in the documents: a field by its name, or all elements of an array, or all values of a map.
# Cells of a node's row (int64):
(
    WANT,  # what its column holds, one of the codes below
    LEVEL,  # whose rows it has: 0 is documents, every list or map begins a level of its own
    VALID,  # where its states begin in the arena (bytes; a byte a row)
    ENDS,  # where the ends of its texts or lists begin (bytes; an int32 a row)
    DATA,  # where its values begin (bytes)
    ROOM,  # how much room its texts have (bytes)
    USED,  # how much of it is taken (bytes)
    CHILD,  # of a list or map: the node of its elements or values
    INNER,  # of a list or map: their level
    PARAMETER,  # of a decimal: its scale; of binary: the subtype
    LIMIT_LOW,  # of a decimal: the two words of the first number that has too many digits
    LIMIT_HIGH,
    NAME,  # where its name stands among the names (bytes)
    SIZE,  # how long that is (bytes)
    WORD,  # the name's first eight bytes, its closing NUL included where it is that short
    MASK,  # which bits of them count
    PARENT,
    NEXT,  # the sibling that followed it last time
    FIRST,  # the child that came first last time
    NULLS,  # how many explicit nulls it had in this batch
    SETTLED,  # 1 if nothing that this batch holds will give it a column
    KEY_ENDS,  # of a map: as ENDS, DATA, ROOM and USED, of its keys
    KEY_DATA,
    KEY_ROOM,
    KEY_USED,
    CHECKED,  # of a map: 1 if its keys are to be compared, since a document of the batch repeats one
    CELLS,
) = range(27)

# What a node's column holds.
(
    NOTHING,  # no column yet
    REFUSED,  # no column ever
    THE_ID,  # the document's own _id, which the batch has already
    BOOLEANS,
    LONGS,
    DOUBLES,
    DECIMALS,
    DATES,
    TIMESTAMPS,
    STRINGS,
    SYMBOLS,
    CODES,
    OBJECT_IDS,
    UUIDS,
    BINARIES,
    STRUCTS,
    LISTS,
    MAPS,
) = range(18)

# A row's state in a node.
MISSING, PRESENT, EXPLICIT_NULL, RESCUED = range(4)

# How a pass over a batch ends: what it met in which document.
DONE, IS_CORRUPT, IS_NEW, IS_FULL = range(4)

ROOT = 0
DEPTH = 32
"""How deep columns are nested; what lies deeper is rescued."""
FRAMES = DEPTH + 2

# Cells of an entry on the tape of values that do not fit. An entry of a map that is no row of it, for its key is
# repeated or no text, has the map's node and row, and the place of its key; for others that place is -1.
TAPE_NODE, TAPE_ROW, TAPE_KIND, TAPE_AT, TAPE_AFTER, TAPE_DOCUMENT, TAPE_KEY, TAPE_CELLS = range(8)
REPEATED = 256
"""Added to the kind of a value whose name stood in the same document before."""
