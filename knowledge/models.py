"""Tables of a tenant's knowledge. Chunks, vectors and term counts are written by `index` alone."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from pgvector.django import HalfVectorField

from core.ids import new_id


class Source(models.Model):
    """Where documents come from. A chatbot may be limited to some sources."""

    class Kind(models.TextChoices):
        UPLOAD = "upload"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="source_unique")]

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """One file in one version. The same bytes in a source are the same document."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    class Stage(models.TextChoices):
        WAITING = "waiting"
        READING = "reading"
        EMBEDDING = "embedding"
        PUBLISHING = "publishing"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="documents")
    filename = models.CharField(max_length=255)
    title = models.CharField(max_length=255)
    # Only documents that the public can fetch have one; an uploaded file never does.
    url = models.URLField(max_length=2000, blank=True)
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the bytes, in hex.")
    version = models.PositiveIntegerField(default=1)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    # Relative to the tenant's folder; the last part is made of ids, never of the user's text.
    path = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.WAITING)
    error = models.CharField(max_length=500, blank=True)
    pages_done = models.PositiveIntegerField(default=0)
    pages_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    chunks_total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # When the version that answers questions was published; null: none yet.
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "content_hash"], name="document_unique")
        ]

    def __str__(self) -> str:
        return self.title


class Chunk(models.Model):
    """What is found and returned: `text` is exactly the document's characters start to end."""

    # Never leaves the schema, so a small number does.
    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, db_index=False)
    ordinal = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True)
    heading_path = models.TextField(blank=True)
    start = models.PositiveIntegerField(help_text="Code points into the document's text.")
    end = models.PositiveIntegerField()
    text = models.TextField()
    # What stands between this chunk and the next, when short enough to merge them.
    gap = models.CharField(max_length=16, blank=True)
    text_hash = models.BinaryField(max_length=16, help_text="Of what its own vector is made of.")
    # Weight A: heading path and text. Weight D: 200 characters before and after.
    tsv = SearchVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "ordinal"], name="chunk_unique")]
        # fastupdate off: a question must not wait for a list of unsorted entries.
        indexes = [GinIndex(fields=["tsv"], name="chunk_tsv", fastupdate=False)]

    def __str__(self) -> str:
        return f"{self.document_id} #{self.ordinal}"


class Embedding(models.Model):
    """A chunk's vector for search: its own, blended with its neighbours'.

    The column has no dimensions, so that vectors of two models can stand side by side. The HNSW
    indexes are partial ones, one for each usual size (see migrations).
    """

    id = models.BigAutoField(primary_key=True)
    chunk = models.ForeignKey(Chunk, models.CASCADE, db_index=False)
    # Repeated from the document: the index scan can filter by it without a join.
    source_id = models.UUIDField()
    model = models.CharField(max_length=100)
    dimensions = models.PositiveSmallIntegerField()
    vector = HalfVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chunk", "model"], name="embedding_unique")]

    def __str__(self) -> str:
        return f"{self.chunk_id} {self.model}"


class RawVector(models.Model):
    """A chunk's own vector by the hash of its text.

    Written while a document is embedded, so that a killed worker's successor goes on where it was
    and a new version of a document embeds what changed alone.
    """

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, db_index=False)
    model = models.CharField(max_length=100)
    text_hash = models.BinaryField(max_length=16)
    vector = HalfVectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "model", "text_hash"], name="raw_vector_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.model}"


class TermFrequency(models.Model):
    """In how many chunks a lexeme occurs."""

    term = models.TextField(primary_key=True, db_collation="C")
    chunks = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.term


class Corpus(models.Model):
    """The tenant's one row of totals. Publishing locks it: term counts change one at a time."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    chunks = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="corpus_one_row"),
        ]

    def __str__(self) -> str:
        return f"{self.chunks} chunks"
