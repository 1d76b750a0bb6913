"""Files in a bucket of S3, or of anything that speaks its protocol.

Imported only where `MEDIA_URL` names a bucket: boto3 takes memory and time that nobody else should pay.
"""

import hashlib
import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from knowledge.files.base import StoreAway, key_of
from knowledge.files.url import SILENT, Bucket

log = logging.getLogger(__name__)
_PIECE = 262_144
# One object is one request up to here, so that it is there whole or not at all; S3 takes no larger one.
_MAX_SINGLE_PUT = 5 * 1024**3
# A server that hangs costs an upload half a minute at most, and then it is told.
_CONFIG = {"connect_timeout": 3, "read_timeout": 12}
_GONE = ("404", "NoSuchKey")


class _Storage(S3Storage):
    """Its own keeps a session for each thread, and each reads the description of S3 anew: 18 MB a
    thread. A client may be shared by threads."""

    _shared: Any = None

    @property
    def connection(self) -> Any:
        if self._shared is None:
            self._shared = super().connection
        return self._shared


class S3Files:
    """`access_key` and `secret_key` may be empty: boto3 then looks where it always does."""

    def __init__(self, bucket: Bucket, access_key: str, secret_key: str) -> None:
        encryption = {"ServerSideEncryption": bucket.encryption, "SSEKMSKeyId": bucket.key_id}
        self._bucket, self._prefix = bucket.name, f"{bucket.prefix}/" if bucket.prefix else ""
        self._storage = _Storage(
            bucket_name=bucket.name,
            location=bucket.prefix,
            region_name=bucket.region or None,
            endpoint_url=bucket.endpoint or None,
            access_key=access_key or None,
            secret_key=secret_key or None,
            # Names are new ones always; asking before each would be a request more.
            file_overwrite=True,
            default_acl=None,
            object_parameters={name: value for name, value in encryption.items() if value},
            client_config=Config(
                **_CONFIG,
                retries={"total_max_attempts": 2, "mode": "standard"},
                # Names of buckets in the host need a wildcard name and certificate, which few have.
                s3={"addressing_style": "path" if bucket.endpoint else "auto"},
            ),
            transfer_config=TransferConfig(multipart_threshold=_MAX_SINGLE_PUT, use_threads=False),
        )
        self._client = self._storage.connection.meta.client

    def write(self, tenant_id: UUID, path: str, pieces: Iterable[bytes]) -> None:
        key = key_of(tenant_id, path)
        # Whole before the first byte goes: what is too large or breaks off reaches no bucket.
        with tempfile.TemporaryFile() as spool:
            for piece in pieces:
                spool.write(piece)
            spool.seek(0)
            with _told():
                self._storage.save(key, File(spool))

    def open(self, tenant_id: UUID, path: str) -> tuple[BinaryIO, int]:
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
        try:
            self._fetch(tenant_id, path, file)
            size = file.tell()
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file, size

    @contextmanager
    def local(self, tenant_id: UUID, path: str, digest: str, size: int) -> Iterator[Path]:
        # Under a name of our own: nothing of the document's reaches the file system.
        with tempfile.NamedTemporaryFile(prefix="file-") as file:
            found = self._fetch(tenant_id, path, file, most=size)
            if found != digest:
                log.error("a stored file is not the one that was uploaded")
                raise FileNotFoundError(path)
            file.flush()
            yield Path(file.name)

    def _fetch(self, tenant_id: UUID, path: str, file: Any, most: int | None = None) -> str:
        """The object's bytes into `file`, unless they are more; their SHA-256 in hex."""
        key, digest = self._full(key_of(tenant_id, path)), hashlib.sha256()
        with _told():
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            body = found["Body"]
            try:
                if most is not None and found["ContentLength"] > most:
                    raise FileNotFoundError(path)
                for piece in body.iter_chunks(_PIECE):
                    digest.update(piece)
                    file.write(piece)
            finally:
                body.close()
        return digest.hexdigest()

    def exists(self, tenant_id: UUID, path: str) -> bool:
        try:
            with _told():
                self._client.head_object(
                    Bucket=self._bucket, Key=self._full(key_of(tenant_id, path))
                )
        except FileNotFoundError:
            return False
        return True

    def remove(self, tenant_id: UUID, path: str) -> None:
        with _told():
            self._storage.delete(key_of(tenant_id, path))

    def remove_all(self, tenant_id: UUID) -> None:
        for path, _ in list(self.names(tenant_id)):
            self.remove(tenant_id, path)

    def names(self, tenant_id: UUID) -> Iterator[tuple[str, datetime]]:
        prefix = self._full(f"{tenant_id.hex}/")
        with _told():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(prefix), found["LastModified"]

    def tenants(self) -> Iterator[UUID]:
        with _told():
            pages = self._client.get_paginator("list_objects_v2")
            asked = {"Bucket": self._bucket, "Prefix": self._prefix, "Delimiter": "/"}
            for page in pages.paginate(**asked):
                for found in page.get("CommonPrefixes", ()):
                    name = found["Prefix"].removeprefix(self._prefix).rstrip("/")
                    try:
                        yield UUID(hex=name)
                    except ValueError:
                        continue

    def faults(self) -> list[str]:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            return [_REFUSED.get(_code(error), SILENT)]
        except (BotoCoreError, Boto3Error):
            return [SILENT]
        return []

    def _full(self, key: str) -> str:
        return f"{self._prefix}{key}"


_REFUSED = {
    "403": "Documents cannot be written: the bucket of MEDIA_URL does not let us in.",
    "404": "Documents cannot be written: there is no bucket of that name in MEDIA_URL.",
}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _told() -> Iterator[None]:
    """What S3 says, in our words. What the reason was is in the log, without a key of anybody."""
    try:
        yield
    except ClientError as error:
        if _code(error) in _GONE:
            raise FileNotFoundError("there is no such object") from error
        log.error("S3 refused: %s", _code(error))
        raise StoreAway from error
    except (BotoCoreError, Boto3Error) as error:
        log.error("S3 is away: %s", type(error).__name__)
        raise StoreAway from error
