"""Values in the text forms that PostgreSQL's types read."""

from knowledge.embeddings.base import Vectors


def vector_literal(vector: Vectors) -> str:
    """pgvector's form; five digits are more than half precision holds."""
    return "[" + ",".join(map("{:.5g}".format, vector.tolist())) + "]"


def lexeme_query(lexeme: str) -> str:
    """A tsquery of one lexeme, taken as it is."""
    quoted = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"
