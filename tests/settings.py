"""The product's settings, with servers of the tests' own: a cluster that is thrown away."""

import os
from pathlib import Path

_TEST_ENVIRONMENT = {
    "VAR_DIR": str(Path(__file__).resolve().parent.parent / "var" / "test"),
    "METRICS_TOKEN": "metrics-token-of-the-tests",
    "DATABASE_POOL_SIZE": "8",
}
for _name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "OPENAI_API_KEY", "LLM_BASE_URL"):
    os.environ.pop(_name, None)
# Exported, so that the processes which the tests start use the same cluster.
os.environ.update(_TEST_ENVIRONMENT)

from chatbot_saas.settings import *  # noqa: E402, F403
