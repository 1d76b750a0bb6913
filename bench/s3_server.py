"""`python -m bench.s3_server --port PORT`: moto's S3 on loopback, with a bucket. It keeps everything in
memory. With `--closed` it asks for a key, once `prepare` has made one; otherwise any will do.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

BUCKET = "uploads"
# What `_prepare` asks before anybody is asked for a key.
_UNASKED = 4
_SECONDS = 60.0
_MAY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
MISSING = "moto is not installed: pip install --no-deps -r requirements/dev.txt"


def is_installed() -> bool:
    from importlib.util import find_spec

    return find_spec("moto") is not None


@dataclass(frozen=True)
class S3Server:
    """`endpoint` and the one key that it takes."""

    endpoint: str
    access_key: str
    secret_key: str

    def environment(self, prefix: str = "", *, endpoint: str = "") -> dict[str, str]:
        """What the product is given, to keep its files here."""
        at = endpoint or self.endpoint
        return {
            "MEDIA_URL": f"s3://{BUCKET}/{prefix}?region=us-east-1&endpoint={at}&sse=AES256",
            "MEDIA_ACCESS_KEY": self.access_key,
            "MEDIA_SECRET_KEY": self.secret_key,
        }


def command(port: int) -> list[str]:
    return [sys.executable, "-m", "bench.s3_server", "--port", str(port)]


def environment(port: int) -> dict[str, str]:
    """What the product is given, to keep its files in one that is open to all."""
    return S3Server(f"http://127.0.0.1:{port}", "cluster", "cluster").environment()


@contextmanager
def running(port: int) -> Iterator[S3Server]:
    process = subprocess.Popen(
        [*command(port), "--closed"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield prepare(port)
    finally:
        process.kill()
        process.wait()


def prepare(port: int) -> S3Server:
    """Waits for a server that has just started, and makes the bucket and its key."""
    endpoint, deadline = f"http://127.0.0.1:{port}", time.monotonic() + _SECONDS
    while True:
        try:
            httpx.get(f"{endpoint}/moto-api/data.json", timeout=5, trust_env=False)
            break
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    import boto3

    options = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    nobody = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    boto3.client("s3", **options, **nobody).create_bucket(Bucket=BUCKET)
    iam = boto3.client("iam", **options, **nobody)
    iam.create_user(UserName="product")
    iam.put_user_policy(UserName="product", PolicyName="files", PolicyDocument=_MAY)
    key = iam.create_access_key(UserName="product")["AccessKey"]
    return S3Server(endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--closed", action="store_true")
    options = parser.parse_args()
    if options.closed:
        # Read when moto is imported.
        os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(_UNASKED)
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends
    from moto.server import main as serve

    if not options.closed:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(BUCKET, "us-east-1")
    serve(["-H", "127.0.0.1", "-p", str(options.port)])


if __name__ == "__main__":
    main()
