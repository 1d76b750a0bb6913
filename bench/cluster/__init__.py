"""The whole product as several processes on loopback, as a server would run it: `make cluster`.

nginx with the product's own configuration and TLS, web processes, workers, beats, PostgreSQL and Redis
reached by URL, RabbitMQ, Prometheus and Alertmanager, and a model provider whose answers are known.
`parts` says what there is, `supervisor` starts again what dies, and `handle` is how a drill acts on it.
"""
