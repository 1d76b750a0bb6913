"""`make lint-deploy`: manifests, compose.yaml and the Dockerfile, checked without a cluster."""
