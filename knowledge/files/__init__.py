"""The places where uploaded files can lie: a folder, or a bucket of S3."""
