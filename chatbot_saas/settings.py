"""Every setting, read from the environment once. What is not set gets a safe default or none.

Nothing configured means embedded mode: PostgreSQL and Redis of our own under `VAR_DIR`.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chatbot_saas import env
from chatbot_saas.api.settings import DESCRIPTION
from chatbot_saas.backoffice.look import LOOK
from chatbot_saas.logo import read_logo
from chatbot_saas.logs import logging_of
from chatbot_saas.server_urls import (
    broker,
    database,
    event_sink,
    file_store,
    mail,
    redis_database,
    static_url,
)
from chatbot_saas.web.policy import page_policy
from core.crypto import KeyRing, derive_key
from tenants.backend.limits import limit
from tenants.backend.shares import RESERVED

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")
FILE_STORE = file_store("MEDIA_URL", env.text("MEDIA_URL"))
_MEDIA = FILE_STORE if isinstance(FILE_STORE, Path) else VAR_DIR / "media"
MEDIA_ROOT = env.path("MEDIA_ROOT", _MEDIA)
if isinstance(FILE_STORE, Path) and FILE_STORE != MEDIA_ROOT:
    raise ImproperlyConfigured("MEDIA_URL and MEDIA_ROOT name two folders: set one of them alone.")
# Without these boto3 looks where it always does: AWS_… variables, then the pod's or machine's role.
MEDIA_ACCESS_KEY, MEDIA_SECRET_KEY = env.text("MEDIA_ACCESS_KEY"), env.text("MEDIA_SECRET_KEY")
if bool(MEDIA_ACCESS_KEY) != bool(MEDIA_SECRET_KEY):
    raise ImproperlyConfigured("MEDIA_ACCESS_KEY and MEDIA_SECRET_KEY are set both or not at all.")
DEBUG = env.flag("DEBUG")

# --- Servers -------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL")
EMBEDDED = not DATABASE_URL
SECRET_KEY = env.text("SECRET_KEY")
LEAST_SECRET = 32
REDIS_URL = env.text("REDIS_URL")
MIGRATION_DATABASE_URL = env.text("MIGRATION_DATABASE_URL")

if EMBEDDED or not REDIS_URL:
    from chatbot_saas.embedded import read_layout

    # Reads only: whoever starts the servers has made the secrets before.
    _layout = read_layout(VAR_DIR)
    if EMBEDDED:
        DATABASE_URL, MIGRATION_DATABASE_URL = _layout.app_url, _layout.migrator_url
        SECRET_KEY = SECRET_KEY or _layout.secret_key
if not SECRET_KEY:
    raise ImproperlyConfigured("DATABASE_URL is set, so SECRET_KEY must be set too.")
if len(SECRET_KEY) < LEAST_SECRET:
    raise ImproperlyConfigured(
        f"SECRET_KEY must have at least {LEAST_SECRET} characters that nobody can guess: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )


REDIS_URLS = {
    name: redis_database(REDIS_URL, number) if REDIS_URL else _layout.redis_url(number)
    for number, name in enumerate(("cache", "channels", "events", "broker"))
}
# Whether a pooler stands before PostgreSQL, and that it keeps sessions apart.
DATABASE_POOLER = env.text("DATABASE_POOLER")
if DATABASE_POOLER not in {"", "session"}:
    raise ImproperlyConfigured(
        "DATABASE_POOLER must be session, or not set: tenants are apart in no other mode."
    )
DATABASE_POOL_SIZE = env.integer("DATABASE_POOL_SIZE", 8, least=1)
DATABASES = {"default": database("DATABASE_URL", DATABASE_URL)}
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": DATABASE_POOL_SIZE + RESERVED,
    # Less than a client waits: a database that is away is told in time.
    "timeout": 5,
    # Idle connections cost PostgreSQL about 5 MB each.
    "max_idle": 60,
}
limit(DATABASES["default"])
# Not in DATABASES: only `tenants.backend.login.migration_login` may use it.
MIGRATION_DATABASE = (
    database("MIGRATION_DATABASE_URL", MIGRATION_DATABASE_URL) if MIGRATION_DATABASE_URL else None
)
# Template with the tables of a new workspace, and where pgvector lives.
TEMPLATE_SCHEMA = "t_template_0000"
EXTENSION_SCHEMA = "ext"

# --- Django --------------------------------------------------------------------------------

SHARED_APPS = [
    # First, before the `runserver` of staticfiles.
    "chatbot_saas.development.apps.DaphneConfig",
    "tenants",
    "billing.catalog",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # The operator's admin: `chatbot_saas.backoffice` says what is in it.
    "unfold.apps.BasicAppConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "rest_framework_simplejwt.token_blacklist",
    "channels",
    "csp",
    "django_htmx",
    "rest_framework",
    "chatbot_saas",
]
TENANT_APPS = ["tenants.workspace", "billing", "knowledge", "conversations"]
# Last, so that our commands of the same name (migrate, create_tenant) come before its own.
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS, "django_tenants"]
SHARED_APPS.append("django_tenants")

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SKIP_PG_EXTRA_VALIDATION = True
PG_EXTRA_SEARCH_PATHS = [EXTENSION_SCHEMA]
AUTH_USER_MODEL = "tenants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Of tenants' hosts; the middleware gives requests for the platform's own hosts the other one.
ROOT_URLCONF = "chatbot_saas.urls"
PLATFORM_URLCONF = "chatbot_saas.platform_urls"
ASGI_APPLICATION = "chatbot_saas.asgi.application"
PLATFORM_HOSTS = ("localhost", "127.0.0.1", *env.names("PLATFORM_HOSTS"))
# Where sign-up and the switcher of workspaces are.
PLATFORM_HOST = next(iter(env.names("PLATFORM_HOSTS")), "localhost")
TENANT_HOST_SUFFIX = env.text("TENANT_HOST_SUFFIX", "localhost")
# Where this platform's own pages are served: part of a new chatbot's allowed origins.
PORT = env.integer("PORT", 8000, least=1)
# The tenant middleware answers 404 for a host that is not in the database; Django's own list
# cannot know tenants' domains.
ALLOWED_HOSTS = ["*"]
TRUSTED_PROXIES = env.names("TRUSTED_PROXIES")

MIDDLEWARE = [
    "chatbot_saas.middleware.request_log",
    "chatbot_saas.web.static_files.StaticMiddleware",
    "tenants.middleware.tenant_middleware",
    "tenants.limits.api.key_rate_middleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tenants.people.sessions.IdentityMiddleware",
    "tenants.people.sessions.CsrfMiddleware",
    "chatbot_saas.gate.uploads.pace_uploads",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tenants.middleware.TenantViewMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"look": "chatbot_saas.web.look"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chatbot_saas.web.pages.page_context",
            ],
        },
    }
]
# A CDN that asks this product's hosts for what is below /static/.
STATIC_URL = static_url("STATIC_URL", env.text("STATIC_URL", "/static/"))
STATIC_ORIGINS = [STATIC_URL.removesuffix("/static/")] if STATIC_URL != "/static/" else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "chatbot_saas.web.static_files.NamedByContent"},
}
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served as they stand in the checkout and in the packages: there is no build step.
SERVESTATIC_USE_FINDERS = True
# Modules and fonts of another origin are taken with its leave alone. They are everybody's.
SERVESTATIC_ALLOW_ALL_ORIGINS = bool(STATIC_ORIGINS)
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 25_000_000, least=1)
APPEND_SLASH = False
SECURE_CONTENT_TYPE_NOSNIFF = True
# E-mail addresses are unique through a constraint on their lower case, which the check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]

# --- People --------------------------------------------------------------------------------

UNFOLD = LOOK
# Whether an operator must set up a second factor before anything is shown.
OPERATOR_SECOND_FACTOR = env.flag("OPERATOR_SECOND_FACTOR", not EMBEDDED)
# After so many days without a confirmation and a log-in an account is removed. 0: never.
UNCONFIRMED_ACCOUNT_DAYS = env.integer("UNCONFIRMED_ACCOUNT_DAYS", 30)
# Off in embedded mode alone, which is served on the loopback interface. That a request came over TLS
# is believed of a trusted proxy, by the server in `chatbot_saas.serve`.
SERVE_HTTPS = env.flag("SERVE_HTTPS", not EMBEDDED)
SECURE_HSTS_SECONDS = 31_536_000 if SERVE_HTTPS else 0
# A browser takes a `__Host-` cookie only from its own host, so a sibling cannot plant one.
_COOKIE_PREFIX = "__Host-" if SERVE_HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}session"
DEVICE_COOKIE_NAME = f"{_COOKIE_PREFIX}device"
OPERATOR_COOKIE_NAME = "__Secure-operator" if SERVE_HTTPS else "operator"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrf"
MESSAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SERVE_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "chatbot_saas.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
PASSWORD_RESET_TIMEOUT = 3600
EMAIL_URL = env.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "no-reply@localhost")
EMAIL_TIMEOUT = 10
# Without a mail server, mail is written into files, for who runs it to read.
EMAIL_BACKEND = "tenants.people.mail_files.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if EMAIL_URL:
    _mail = mail("EMAIL_URL", EMAIL_URL)
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_SSL, EMAIL_USE_TLS = _mail["EMAIL_USE_SSL"], _mail["EMAIL_USE_TLS"]
# scrypt is in Python's standard library, takes memory and a twentieth of a second.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]
CONTENT_SECURITY_POLICY = page_policy(STATIC_ORIGINS)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URLS["cache"],
        "KEY_FUNCTION": "tenants.cache.make_key",
    }
}
CHANNEL_LAYERS = {
    "default": {
        # Pub/sub: a process that dies leaves no membership and no messages behind.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URLS["channels"],
                    "socket_connect_timeout": 2,
                    "health_check_interval": 30,
                }
            ]
        },
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["chatbot_saas.api.rest.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["chatbot_saas.api.rest.ScopePermission"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "chatbot_saas.api.rest.OneForm",
    "DEFAULT_PARSER_CLASSES": ["chatbot_saas.api.rest.JSONBody"],
    "DEFAULT_RENDERER_CLASSES": ["chatbot_saas.api.rest.JSONAnswer"],
    "DEFAULT_SCHEMA_CLASS": "chatbot_saas.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "chatbot_saas.api.rest.answer_error",
}
SPECTACULAR_SETTINGS = DESCRIPTION
# Requests a minute that one key may make, or one address with a publishable key.
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 1200, least=1)

# --- Public pages --------------------------------------------------------------------------

# Who runs the platform, and what the law may ask of its pages.
OPERATOR_NAME = env.text("OPERATOR_NAME")
OPERATOR_LOGO = read_logo("OPERATOR_LOGO", env.text("OPERATOR_LOGO"))
OPERATOR_LOGO_DARK = read_logo("OPERATOR_LOGO_DARK", env.text("OPERATOR_LOGO_DARK"))
if OPERATOR_LOGO_DARK and not OPERATOR_LOGO:
    raise ImproperlyConfigured("OPERATOR_LOGO_DARK is set, so OPERATOR_LOGO must be set too.")
IMPRINT_URL = env.url("IMPRINT_URL")
PRIVACY_URL = env.url("PRIVACY_URL")

# --- Work ----------------------------------------------------------------------------------

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or broker(REDIS_URLS["broker"])
# Tickets in PostgreSQL are the truth; a message only wakes a worker, so it may be repeated.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    # A connection that is dropped without a word is noticed, and made again.
    "socket_connect_timeout": 5,
    "socket_timeout": 20,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": True,
}
# Its channel is read by the thread that takes messages, which then waits there for ever when what woke
# it was no message: a worker lived and did nothing.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
WORKER_CONCURRENCY = env.integer("WORKER_CONCURRENCY", 2, least=1)
# One place of each worker stays free of any one workspace, however long its files are.
TICKETS_PER_TENANT = env.integer("TICKETS_PER_TENANT", max(1, WORKER_CONCURRENCY - 1), least=1)
# Where events of workspaces go; nothing is written where nobody takes them.
EVENT_SINK_URL = event_sink("EVENT_SINK_URL", env.text("EVENT_SINK_URL"))

# --- Models --------------------------------------------------------------------------------

LLM_BASE_URL = env.url("LLM_BASE_URL")
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
LLM_MODEL = env.text("LLM_MODEL", "gpt-5-mini" if OPENAI_API_KEY or LLM_BASE_URL else "offline")
LLM_CONNECT_TIMEOUT = env.seconds("LLM_CONNECT_TIMEOUT", 5)
LLM_READ_TIMEOUT = env.seconds("LLM_READ_TIMEOUT", 30)
LLM_FIRST_TEXT_TIMEOUT = env.seconds("LLM_FIRST_TEXT_TIMEOUT", 30)
EMBEDDINGS_BASE_URL = env.url("EMBEDDINGS_BASE_URL")
EMBEDDINGS_API_KEY = env.text("EMBEDDINGS_API_KEY") or OPENAI_API_KEY
EMBEDDINGS_MODEL = env.text("EMBEDDINGS_MODEL", "all-MiniLM-L6-v2")
EMBEDDINGS_DIMENSIONS = env.integer("EMBEDDINGS_DIMENSIONS", 384, least=1)
# Texts embedded side by side, each on one core. Questions have a thread of their own.
EMBEDDINGS_THREADS = env.integer("EMBEDDINGS_THREADS", min(4, os.cpu_count() or 1), least=1)

# --- Turns ---------------------------------------------------------------------------------

# Tokens of history and of the answer, characters of passages, seconds of one turn.
TURN_HISTORY_TOKENS = env.integer("TURN_HISTORY_TOKENS", 1500)
TURN_ANSWER_TOKENS = env.integer("TURN_ANSWER_TOKENS", 1024, least=1)
TURN_RETRIEVAL_CHARACTERS = env.integer("TURN_RETRIEVAL_CHARACTERS", 4000, least=1)
# So many questions wait in one process to be admitted; one more is told to come again.
TURNS_WAITING = env.integer("TURNS_WAITING", 64, least=1)
TURN_SECONDS = env.seconds("TURN_SECONDS", 300)
# How long a process that is told to end lets its running turns finish: on a server nearly every answer,
# at a desk nobody waits for that.
TURN_DRAIN_SECONDS = env.seconds("TURN_DRAIN_SECONDS", 1.5 if EMBEDDED else 60)
# Seconds a socket may be open without a session, take nothing while there is something to send, and
# stay open after its key was revoked or its workspace suspended.
SOCKET_SESSION_SECONDS = env.seconds("SOCKET_SESSION_SECONDS", 10)
SOCKET_SEND_SECONDS = env.seconds("SOCKET_SEND_SECONDS", 15)
SOCKETS_PER_ADDRESS = env.integer("SOCKETS_PER_ADDRESS", 500, least=1)
SOCKET_CHECK_SECONDS = env.seconds("SOCKET_CHECK_SECONDS", 20)

# --- Secrets and observation ---------------------------------------------------------------

# Values that SECRET_KEY had before, newest first: they sign and seal nothing new, and what they signed
# or sealed still opens.
SECRET_KEY_FALLBACKS = list(env.names("SECRET_KEY_FALLBACKS"))
_SECRETS = (SECRET_KEY, *SECRET_KEY_FALLBACKS)
SEALING_KEYS = KeyRing(_SECRETS)
# Visitors' tokens: the first key signs, all of them verify.
TOKEN_KEYS = [derive_key(secret, "tokens") for secret in _SECRETS]
# For programs that work as a member: see tenants/people/member_tokens.py.
SIMPLE_JWT = {
    "SIGNING_KEY": derive_key(SECRET_KEY, "member-tokens"),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "AUDIENCE": "member",
    # Another machine of ours may be ahead by a little.
    "LEEWAY": 30,
    "USER_ID_CLAIM": "sub",
}
# What runs here, for /readyz and Sentry; an image has it from its build.
RELEASE = env.text("RELEASE")
# What backups are sealed with: `manage.py backup`, `restore` and `verify_backup` alone read it.
BACKUP_KEY = env.text("BACKUP_KEY")
METRICS_TOKEN = env.text("METRICS_TOKEN")
WORKER_METRICS_PORT = env.integer("WORKER_METRICS_PORT", 0, least=0)
SENTRY_DSN = env.text("SENTRY_DSN")
POSTHOG_API_KEY = env.text("POSTHOG_API_KEY")
POSTHOG_HOST = env.url("POSTHOG_HOST", "https://eu.i.posthog.com")
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOGGING = logging_of(LOG_LEVEL)
