"""The product's settings, with servers of the tests' own: a cluster that is thrown away."""

import os
from pathlib import Path

_VAR = Path(__file__).resolve().parent.parent / "var"
# One for each run, so that two runs of one checkout do not meet; a parallel run's workers inherit it.
os.environ.setdefault("TEST_VAR_DIR", str(_VAR / f"test-{os.getpid()}"))
_TEST_ENVIRONMENT = {
    "VAR_DIR": os.environ["TEST_VAR_DIR"],
    "METRICS_TOKEN": "metrics-token-of-the-tests",
    "DATABASE_POOL_SIZE": "8",
}
for _name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "OPENAI_API_KEY", "LLM_BASE_URL"):
    os.environ.pop(_name, None)
# Exported, so that the processes which the tests start use the same cluster.
os.environ.update(_TEST_ENVIRONMENT)

from chatbot_saas import embedded  # noqa: E402

# The settings only read the secrets of the servers, which whoever starts these makes.
embedded.layout(Path(os.environ["VAR_DIR"]), durable=False)

from chatbot_saas.settings import *  # noqa: E402, F403
