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
    # Fine below a second, where a visitor notices a difference.
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
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
PROVIDER_FAILURES = Counter(
    "chatbot_provider_failures_total", "Calls of a model that failed, by code.", ["code"]
)
ALIVE = Gauge("chatbot_processes_alive", "Workers and beats heard of lately.", ["role"])
QUEUE_DEPTH = Gauge("chatbot_queue_depth", "Work tickets waiting, by kind.", ["kind"])
