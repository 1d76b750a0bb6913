"""Mail as files, where no mail server is named: for whoever runs the server, and nobody else."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from django.core.mail import EmailMessage
from django.core.mail.backends import filebased

log = logging.getLogger(__name__)


class EmailBackend(filebased.EmailBackend):
    """Django's, in a folder that its own account alone may open: a mail holds a link that lets in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        Path(self.file_path).chmod(0o700)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = super().send_messages(email_messages)
        # A warning, because the worker says nothing less: whoever waits for the mail reads this log.
        path = cast(Any, self)._get_filename()
        log.warning("a mail is not sent without EMAIL_URL, it is the file %s", path)
        return int(sent or 0)
