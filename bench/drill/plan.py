"""What is drilled: which test, at which size, for how long at most."""

from dataclasses import dataclass, field

ISOLATION, RELIABILITY = "tests/isolation", "tests/reliability"


@dataclass(frozen=True)
class Drill:
    """One test's body at another size.

    `constants` replace those of the test's module, `environment` is the run's, `repeat` is how often
    each test is run, `seconds` is what it may take at most. `amount` of `unit` is what it does.
    """

    name: str
    test: str
    select: str
    amount: int
    unit: str
    seconds: int
    constants: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    repeat: int = 1


# Where nobody listens: port 1 is reserved, and refused at once.
_NO_REDIS = {"DRILL_REDIS_URL": "redis://127.0.0.1:1"}
_RACE = {"LIMIT": 10, "ASKED": 500, "PROCESSES": 4}

DRILLS = (
    Drill(
        name="T1",
        test=f"{ISOLATION}/test_t01_http.py",
        select="foreign_canary",
        amount=20 * 100 * 3,
        unit="requests of 20 tenants, 200 at once",
        seconds=600,
        constants={"TENANTS": 20, "ROUNDS": 100, "PARALLEL": 200},
    ),
    Drill(
        name="T2",
        test=f"{ISOLATION}/test_t02_sockets.py",
        select="foreign_canary and None",
        amount=200 * 50,
        unit="turns on 200 sockets of 20 tenants",
        seconds=1200,
        constants={"TENANTS": 20, "SOCKETS": 200, "TURNS": 50},
    ),
    Drill(
        name="T6",
        test=f"{ISOLATION}/test_t06_celery.py",
        select="sent_from or rejected or headers or refused",
        amount=2 * 20 * (100 + 20),
        unit="tasks of 20 tenants, half on threads, half on processes",
        seconds=600,
        constants={"TENANTS": 20, "TASKS_EACH": 100, "PATIENCE": 180},
    ),
    Drill(
        name="T14",
        test="tests/conversations/test_origin_battery.py",
        select="battery or two_origin",
        amount=47,
        unit="origins",
        seconds=120,
    ),
    Drill(
        name="T19",
        test="tests/knowledge/test_bombs.py",
        select="bomb",
        amount=30,
        unit="files that unfold, nest or lie, and another tenant's between them",
        seconds=2400,
        constants={"COUNT": 30, "WORKER_COUNT": 30, "WORKER_SECONDS": 1_800},
    ),
    Drill(
        name="T26",
        test=f"{RELIABILITY}/test_t26_quota_race.py",
        select="quota_admits",
        amount=500,
        unit="turns at once on 4 processes, 10 allowed",
        seconds=300,
        constants=_RACE,
    ),
    Drill(
        name="T26-without-redis",
        test=f"{RELIABILITY}/test_t26_quota_race.py",
        select="quota_admits and None",
        amount=500,
        unit="turns at once on 4 processes, 10 allowed, Redis away",
        seconds=300,
        constants=_RACE,
        environment=_NO_REDIS,
    ),
    Drill(
        name="T34",
        test="tests/conversations/test_resume.py",
        select="another_process_without_gap or killed_process",
        amount=500,
        unit="answers cut at a random event and resumed elsewhere",
        seconds=1500,
        environment={"RESUME_ROUNDS": "500"},
    ),
    Drill(
        name="kill-worker",
        test=f"{RELIABILITY}/test_killed_worker.py",
        select="kill_9",
        amount=10,
        unit="workers killed with SIGKILL while they embed",
        seconds=600,
        repeat=10,
    ),
)
