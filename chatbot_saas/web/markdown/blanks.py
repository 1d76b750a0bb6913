"""What a browser's expressions take for a blank, which is not quite what Python's do. Pure."""

# The members of a class; `BLANKS` are all of them, to be stripped.
BLANK = "\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
BLANKS = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def is_blank(line: str) -> bool:
    return not line.strip(BLANKS)


def leading(line: str) -> int:
    """How many blanks a line begins with; none if it has nothing else."""
    return 0 if is_blank(line) else len(line) - len(line.lstrip(BLANKS))
