"""What ends a backup, a restore or a check. Each message is one line that says what to do."""


class BackupError(Exception):
    """It could not be done: a setting, a disk, a server."""

    exit_code = 1


class Damaged(BackupError):
    """The file is not what a backup wrote with this key: altered, cut off, or sealed with another."""

    exit_code = 3


class Unfit(BackupError):
    """The file is whole and does not fit here: a newer release, a taken name, a full installation."""

    exit_code = 4
