from django.apps import AppConfig


class DaphneConfig(AppConfig):
    """Daphne as an installed app. Its own configuration loads its server and with it Twisted: 20 MB in
    each process, and a reactor, of which only `runserver` makes use."""

    name = "daphne"
    verbose_name = "Daphne"
