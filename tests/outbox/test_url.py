"""EVENT_SINK_URL: what is understood, and what stops the start with one line."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatbot_saas.server_urls import event_sink
from tenants.outbox.sinks.url import SinkURL, read_sink_url
from tests.live import ROOT


def test_a_url_of_each_kind_is_understood() -> None:
    kafka = read_sink_url("kafka://me:p%40ss@a:9093,b:9093/events?mechanism=PLAIN")
    assert (kafka.address, kafka.name, kafka.is_tls) == ("a:9093,b:9093", "events", True)
    assert (kafka.username, kafka.password) == ("me", "p@ss")
    assert kafka.options == {"mechanism": "PLAIN", "security": "sasl_ssl"}
    rabbit = read_sink_url("amqps://me:secret@host/tenants?exchange=told")
    assert rabbit == SinkURL(
        "amqp", "amqps://me:secret@host/tenants", "told", is_tls=True, options={"exchange": "told"}
    )
    assert read_sink_url("redis:///?stream=told").address == ""
    assert read_sink_url("redis://host:6379/2").name == "events"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.com", "must begin as one of"),
        ("kafka://host/events", "needs a name and a port"),
        ("kafka://host:99999/events", "needs a name and a port"),
        ("kafka://host:9092", "after the hosts stands the topic"),
        ("kafka://host:9092/events?security=tls", "security is one of"),
        ("kafka://host:9092/events?security=sasl_ssl", "do not go together"),
        ("amqp:///vhost", "names no host"),
        ("redis://host?maxlen=many", "maxlen must be a whole number"),
        ("redis://host?strem=events", "redis:// has no such option"),
        ("kafka://me:p@host:9092/events?mechanism=PLAN", "mechanism is one of"),
        ("kafka://host:9092/events?max_bytes=10", "max_bytes must be a whole number"),
        ("redis://host:6379/first", "the number of a database"),
        ("redis://host:port/0", "port"),
    ],
)
def test_a_wrong_one_says_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_sink_url(url)


@pytest.mark.parametrize("scheme", ["amqp", "redis", "kafka"])
@pytest.mark.parametrize(
    "password", ["12#secret", "12?secret", "12/secret", "se[cret", "secret:1@x?"]
)
def test_nothing_of_a_password_is_told(scheme: str, password: str) -> None:
    with pytest.raises(ValueError, match=r"percent-encoded|host") as caught:
        read_sink_url(f"{scheme}://me:{password}@host:9092/events")
    assert "cret" not in str(caught.value) and "12" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_file_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="its ca is no file that can be read"):
        event_sink("EVENT_SINK_URL", "kafka://host:9092/events?security=ssl&ca=/nowhere/ca.pem")


def test_a_wrong_one_stops_the_start_with_one_line_and_without_its_password() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatbot_saas.preflight"],
        cwd=ROOT,
        env={**os.environ, "EVENT_SINK_URL": "kafka://me:hidden@host/events"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("EVENT_SINK_URL is wrong: each Kafka host needs")
    assert "hidden" not in done.stderr


def test_a_client_is_loaded_by_whoever_delivers_alone() -> None:
    said = (
        "import sys, django; django.setup(); import chatbot_saas.asgi, chatbot_saas.celery; "
        "from tenants.outbox.sinks.opening import open_sink; before = 'confluent_kafka' in sys.modules; "
        "open_sink(); print(before, 'confluent_kafka' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", said],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
            "EVENT_SINK_URL": "kafka://127.0.0.1:1/events",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "True"]
