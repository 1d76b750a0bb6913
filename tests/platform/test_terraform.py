"""deploy/terraform: no fault, and each kind of slip is found where it stands."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.check.manifests import TOOLS
from tests.live import ROOT

PYTHON = TOOLS / "bin" / "python"
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="make lint-deploy installs what these need"
)
# With the tools' own Python: it reads HCL.
CODE = """
import json, sys
from pathlib import Path
from deploy.check import terraform
print(json.dumps([str(each) for each in terraform.find_faults(Path(sys.argv[1]))]))
"""
# What is put in the place of what in which file, and what is then said of it. All at once: checkov takes
# seconds to start.
SLIPS = (
    ("database.tf", "storage_encrypted     = true", "storage_encrypted     = false", "CKV_AWS_16"),
    (
        "database.tf",
        "publicly_accessible    = false",
        "publicly_accessible    = true",
        "CKV_AWS_17",
    ),
    ("redis.tf", "aws_kms_key.data.arn", "aws_kms_key.date.arn", "aws_kms_key.date is not there"),
    ("redis.tf", "local.size.redis_type", "local.sise.redis_type", "local.sise is not there"),
    ("dns.tf", "name = var.zone", "name = var.zona", "var.zona is not there"),
    ("environments/staging.tfvars", "zone  ", "zona  ", "there is no variable zona"),
)


def faults(root: Path) -> list[str]:
    done = subprocess.run(
        [str(PYTHON), "-c", CODE, str(root)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_slips_are_found_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "deploy" / "terraform"
    shutil.copytree(ROOT / "deploy" / "terraform", folder)
    for name, right, wrong, _ in SLIPS:
        text = (folder / name).read_text(encoding="utf-8")
        assert right in text, right
        (folder / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    found = faults(tmp_path)
    for name, _, _, expected in SLIPS:
        assert any(name in each and expected in each for each in found), (expected, found)
    # What each of them makes of itself, and of the variable that nothing names any more.
    assert len(found) <= len(SLIPS) + 3, found
    (folder / "keys.tf").write_text('resource "aws_kms_key" "data" {\n  description = \n}\n')
    assert faults(tmp_path) == ["deploy/terraform/keys.tf:2: this is no HCL"]


def test_there_is_none_here() -> None:
    assert faults(ROOT) == []
