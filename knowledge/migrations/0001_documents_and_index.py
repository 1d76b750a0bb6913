"""Documents, their chunks, vectors and term counts.

One HNSW index for each usual vector size, partial and on a cast, because the column holds vectors
of any model. Other sizes are searched exactly until a migration adds theirs.
"""

import core.ids
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django.halfvec
from django.db import migrations, models


HNSW_SIZES = (384, 768, 1024, 1536)


def hnsw_index(dimensions: int) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE INDEX embedding_hnsw_{dimensions} ON knowledge_embedding "
        f"USING hnsw ((vector::halfvec({dimensions})) halfvec_ip_ops) "
        f"WHERE dimensions = {dimensions}",
        reverse_sql=f"DROP INDEX embedding_hnsw_{dimensions}",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("filename", models.CharField(max_length=255)),
                ("title", models.CharField(max_length=255)),
                ("url", models.URLField(blank=True, max_length=2000)),
                (
                    "content_hash",
                    models.CharField(help_text="SHA-256 of the bytes, in hex.", max_length=64),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.")),
                ("path", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("processing", "Processing"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("reading", "Reading"),
                            ("embedding", "Embedding"),
                            ("publishing", "Publishing"),
                            ("done", "Done"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=500)),
                ("pages_done", models.PositiveIntegerField(default=0)),
                ("pages_total", models.PositiveIntegerField(default=0)),
                ("chunks_done", models.PositiveIntegerField(default=0)),
                ("chunks_total", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TermFrequency",
            fields=[
                ("term", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("chunks", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Corpus",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("chunks", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="corpus_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="Chunk",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("ordinal", models.PositiveIntegerField()),
                ("page", models.PositiveIntegerField(null=True)),
                ("heading_path", models.TextField(blank=True)),
                (
                    "start",
                    models.PositiveIntegerField(help_text="Code points into the document's text."),
                ),
                ("end", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("gap", models.CharField(blank=True, max_length=16)),
                (
                    "text_hash",
                    models.BinaryField(
                        help_text="Of what its own vector is made of.", max_length=16
                    ),
                ),
                ("tsv", django.contrib.postgres.search.SearchVectorField()),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="knowledge.document",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Embedding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source_id", models.UUIDField()),
                ("model", models.CharField(max_length=100)),
                ("dimensions", models.PositiveSmallIntegerField()),
                ("vector", pgvector.django.halfvec.HalfVectorField()),
                (
                    "chunk",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="knowledge.chunk",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RawVector",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("model", models.CharField(max_length=100)),
                ("text_hash", models.BinaryField(max_length=16)),
                ("vector", pgvector.django.halfvec.HalfVectorField()),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="knowledge.document",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(choices=[("upload", "Upload")], max_length=8)),
                ("name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "name"), name="source_unique")
                ],
            },
        ),
        migrations.AddField(
            model_name="document",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="knowledge.source",
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["tsv"], name="chunk_tsv"
            ),
        ),
        migrations.AddConstraint(
            model_name="chunk",
            constraint=models.UniqueConstraint(fields=("document", "ordinal"), name="chunk_unique"),
        ),
        migrations.AddConstraint(
            model_name="embedding",
            constraint=models.UniqueConstraint(fields=("chunk", "model"), name="embedding_unique"),
        ),
        migrations.AddConstraint(
            model_name="rawvector",
            constraint=models.UniqueConstraint(
                fields=("document", "model", "text_hash"), name="raw_vector_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                fields=("source", "content_hash"), name="document_unique"
            ),
        ),
        *(hnsw_index(size) for size in HNSW_SIZES),
    ]
