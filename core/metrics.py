"""What the platform counts. No label ever names a tenant: a label's values are a closed set."""

from prometheus_client import Counter, Gauge, Histogram

TURNS = Counter("chatbot_turns_total", "Turns by how they ended.", ["outcome"])
REFUSALS = Counter("chatbot_turn_refusals_total", "Turns refused before they began.", ["code"])
REPEATED_REFUSALS = Counter(
    "chatbot_repeated_refusals_total", "Requests of keys that were told to wait and did not."
)
RUNNING_TURNS = Gauge("chatbot_turns_running", "Turns this process is answering now.")
TIME_TO_FIRST_TOKEN = Histogram(
    "chatbot_time_to_first_token_seconds",
    "From the accepted question to the first text of the reply.",
    # Fine below a second, where a visitor notices a difference; 3 is the objective's bound.
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30),
)
TOKENS = Counter("chatbot_tokens_total", "Tokens charged.", ["direction"])
COST_USD = Counter("chatbot_cost_usd_total", "Cost charged, in US dollars.")
UNCHARGED_USD = Counter(
    "chatbot_uncharged_usd_total",
    "Cost that providers reported beyond a turn's hold, in US dollars.",
)
SOCKETS = Gauge("chatbot_sockets_open", "WebSockets open in this process.")
DOCUMENTS = Counter("chatbot_documents_total", "Documents by how ingestion ended.", ["outcome"])
PAGES = Counter("chatbot_pages_total", "Pages ingested.")
CHUNKS = Counter("chatbot_chunks_embedded_total", "Chunks embedded.")
TICKETS = Counter("chatbot_tickets_total", "Work tickets by how they ended.", ["kind", "outcome"])
EVENTS = Counter(
    "chatbot_events_total", "Events to the outside, by what became of them.", ["outcome"]
)
PROVIDER_FAILURES = Counter(
    "chatbot_provider_failures_total", "Calls of a model that failed, by code.", ["code"]
)
REQUESTS = Counter(
    "chatbot_requests_total", "Requests answered, by area of paths and status.", ["area", "status"]
)
REQUEST_SECONDS = Histogram(
    "chatbot_request_duration_seconds",
    "From a request to the beginning of its answer, by area of paths.",
    ["area"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

# What follows is looked up by the process that Prometheus asks: what another one of its machine found
# earlier counts no more.
CONNECTIONS = Gauge(
    "chatbot_database_connections",
    "Connections to PostgreSQL that this process uses, and those that somebody waits for.",
    ["state"],
    multiprocess_mode="mostrecent",
)
CONNECTIONS_LIMIT = Gauge(
    "chatbot_database_connections_limit",
    "How many this process may use at once.",
    multiprocess_mode="mostrecent",
)
ALIVE = Gauge(
    "chatbot_processes_alive",
    "Workers and beats heard of lately.",
    ["role"],
    multiprocess_mode="mostrecent",
)
QUEUE_DEPTH = Gauge(
    "chatbot_queue_depth",
    "Work tickets waiting, by kind.",
    ["kind"],
    multiprocess_mode="mostrecent",
)
QUEUE_AGE = Gauge(
    "chatbot_queue_age_seconds",
    "How long the oldest work ticket that is due has waited, by kind.",
    ["kind"],
    multiprocess_mode="mostrecent",
)
WORKSPACES = Gauge(
    "chatbot_workspaces",
    "Workspaces by their status.",
    ["status"],
    multiprocess_mode="mostrecent",
)
READY = Gauge(
    "chatbot_ready",
    "Whether a part that a turn needs is as /readyz wants it.",
    ["part"],
    multiprocess_mode="mostrecent",
)
EVENTS_WAITING = Gauge(
    "chatbot_events_waiting",
    "Events to the outside that are not delivered yet.",
    multiprocess_mode="mostrecent",
)
EVENTS_AGE = Gauge(
    "chatbot_events_age_seconds",
    "How long the oldest of them has waited.",
    multiprocess_mode="mostrecent",
)
EVENTS_SET_ASIDE = Gauge(
    "chatbot_events_set_aside",
    "Events that the sink refused each time, and that nobody has sent again.",
    multiprocess_mode="mostrecent",
)
REDIS_MEMORY = Gauge(
    "chatbot_redis_memory_bytes", "Memory that Redis uses.", multiprocess_mode="mostrecent"
)
REDIS_MEMORY_LIMIT = Gauge(
    "chatbot_redis_memory_limit_bytes",
    "Memory that Redis may use; 0 without a limit.",
    multiprocess_mode="mostrecent",
)

# A series that begins with its first fault has no rate yet when that fault is to be told.
for _outcome in ("completed", "stopped", "interrupted", "failed"):
    TURNS.labels(_outcome)
for _outcome in ("ready", "failed"):
    DOCUMENTS.labels(_outcome)
for _outcome in ("delivered", "refused", "set_aside", "dropped"):
    EVENTS.labels(_outcome)
for _direction in ("in", "out"):
    TOKENS.labels(_direction)
